"""Requests as mitmproxy hands them to its addons, and what becomes of them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from urllib.parse import urlsplit

from mitmproxy import connection, http

from lunchbell.policy.patterns import Observation
from lunchbell.settings import Settings, load
from lunchbell.settings.places import example_file
from lunchbell_proxy.noticing import Contact, Noticing
from lunchbell_proxy.observation import Seen, observe

STAFFROOM, WIFI, PUPIL, NOBODY = "10.40.1.17", "10.40.9.80", "10.40.17.3", "192.0.2.77"
FORM = "application/x-www-form-urlencoded"


@cache
def school() -> Settings:
    """The example school."""
    return load(example_file(), today=date(2026, 11, 20))


def seconds(text: str) -> float:
    """A time on the school's clock, as seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=school().zone).timestamp()


def flow_of(
    url: str, method: str = "GET", headers: Mapping[str, str] | Iterable[tuple[str, str]] = (), *,
    client: str = STAFFROOM, user: str = "", http2: bool = False, at: float = 0.0,
) -> http.HTTPFlow:  # fmt: skip
    """A request up to the end of its headers."""
    parts = urlsplit(url)
    fields = [
        (n.lower().encode(), v.encode("latin-1"))
        for n, v in (headers.items() if isinstance(headers, Mapping) else headers)
    ]
    if not http2:
        fields.insert(0, (b"Host", parts.netloc.encode()))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = http.Request(
        host="192.0.2.1", port=443, method=method.encode(), scheme=parts.scheme.encode(),
        authority=parts.netloc.encode() if http2 else b"", path=target.encode(),
        http_version=b"HTTP/2.0" if http2 else b"HTTP/1.1", headers=http.Headers(fields), content=None, trailers=None,
        timestamp_start=at, timestamp_end=None,
    )  # fmt: skip
    peer = connection.Client(peername=(client, 50_000), sockname=("127.0.0.1", 8080), timestamp_start=0)
    flow = http.HTTPFlow(peer, connection.Server(address=(parts.hostname or "", 443)))
    flow.request = request
    if user:
        flow.metadata["proxyauth"] = (user, "password")
    return flow


def answer(status: int = 200, kind: str = "text/html; charset=utf-8") -> http.Response:
    """What a server says, up to the end of its headers."""
    return http.Response.make(status, b"", {"content-type": kind} if kind else {})


def play(
    noticing: Noticing, flow: http.HTTPFlow, body: Iterable[bytes] = (), response: http.Response | None = None,
    answered: Iterable[bytes] = (),
) -> bytes:  # fmt: skip
    """Every hook of a request in mitmproxy's order; the body as it came out of the streams, both ways.

    No response means that the server never answered.
    """
    noticing.requestheaders(flow)
    passed = _through(flow.request.stream, body)
    if response is None:
        noticing.error(flow)
        return passed
    flow.response = response
    noticing.responseheaders(flow)
    passed += _through(flow.response.stream, answered)
    noticing.response(flow)
    return passed


def _through(stream: object, chunks: Iterable[bytes]) -> bytes:
    passed = b""
    for chunk in (*chunks, b""):
        out = stream(chunk) if callable(stream) else chunk
        passed += out if isinstance(out, bytes) else b"".join(out)
    return passed


def noticed(
    flow: http.HTTPFlow, body: Iterable[bytes] = (), response: http.Response | None = None
) -> list[Seen | Contact]:
    """What is recorded of one request."""
    found: list[Seen | Contact] = []
    noticing = Noticing(school(), found.append)
    play(noticing, flow, body, response or answer())
    assert noticing.failures == 0
    return found


def observed(flow: http.HTTPFlow, body: bytes = b"", response: http.Response | None = None) -> Observation:
    """The observation of one request to a catalogued service on school equipment."""
    (seen,) = noticed(flow, [body] if body else [], response)
    assert isinstance(seen, Seen)
    return observe(seen)
