"""A proxied request -> an `Observation`: the few declared fields that classification asks for.

`Seen` is what is held of a request from its first header to its verdict, at most until the next commit after its
answer. It is judged away from the flow, so that the page never waits for us.
"""

from functools import lru_cache

from mitmproxy import http

from lunchbell.policy.hosts import host_of
from lunchbell.policy.patterns import Fields, Observation
from lunchbell.policy.services import Service
from lunchbell.policy.urls import fields_of
from lunchbell.policy.verdicts import Group
from lunchbell.settings import Settings
from lunchbell_proxy.bodies import BodyTap

Headers = tuple[tuple[bytes, bytes], ...]

_NO_FIELDS: Fields = {}
_WANTED = frozenset(
    {b"sec-fetch-dest", b"sec-fetch-site", b"origin", b"referer", b"sec-purpose", b"purpose", b"x-fb-friendly-name"}
)
_LENGTHS = frozenset(map(len, _WANTED))

LONGEST_AUTHORITY = 512
"""No host is longer than 253 letters; what is remembered of names must not grow with what clients send."""
NO_ANSWER = 502
"""The status of a request that no server answered, as a gateway would put it."""


class Seen:
    """One request to a catalogued service. It counts the bytes of the answer by standing in its stream."""

    __slots__ = (
        "answer",
        "at",
        "device",
        "group",
        "headers",
        "host",
        "method",
        "path",
        "service",
        "settings",
        "size",
        "status",
        "tap",
        "user",
    )

    def __init__(self, settings: Settings, service: Service, group: Group, host: str, request: http.Request) -> None:
        self.settings = settings
        self.service = service
        self.group = group
        self.host = host
        self.user = self.device = ""
        self.method = request.data.method.decode("ascii", "replace")
        self.path = request.data.path.decode("utf-8", "replace")
        self.headers: Headers = request.data.headers.fields
        self.at = request.timestamp_start
        self.tap: BodyTap | None = None
        self.answer: Headers = ()
        self.status = NO_ANSWER
        self.size = 0

    def __call__(self, chunk: bytes) -> bytes:
        """mitmproxy's stream: a chunk in, the same chunk out."""
        self.size += len(chunk)
        return chunk

    def answered(self, response: http.Response | None) -> None:
        """The answer is complete, or there is none."""
        if response is not None:
            self.status = response.data.status_code
            self.answer = response.data.headers.fields


def authority(request: http.Request) -> str:
    """The host that a request names, as it names it: HTTP/2's :authority, else Host, else where it was sent."""
    if request.data.authority:
        return request.data.authority[:LONGEST_AUTHORITY].decode("latin-1")
    for name, value in request.data.headers.fields:
        if len(name) == 4 and name.lower() == b"host":
            return value[:LONGEST_AUTHORITY].decode("latin-1")
    return request.data.host[:LONGEST_AUTHORITY]


def observe(seen: Seen) -> Observation:
    """The whole request, once it was answered or failed."""
    headers = {
        lower: value.decode("latin-1")
        for name, value in seen.headers
        if len(name) in _LENGTHS and (lower := name.lower()) in _WANTED
    }
    path, _, query = seen.path.partition("?")
    origin = headers.get(b"origin", "")
    if not origin or origin == "null":
        origin = headers.get(b"referer", "")
    form, document = seen.tap.finish() if seen.tap else (_NO_FIELDS, None)
    return Observation(
        seen.host,
        seen.method,
        path or "/",
        fields_of(query) if query else _NO_FIELDS,
        form,
        document,
        headers.get(b"x-fb-friendly-name", ""),
        headers.get(b"sec-fetch-dest", ""),
        headers.get(b"sec-fetch-site", ""),
        _host(_site(origin)) if origin else "",
        header(seen.answer, b"content-type").lower().startswith(("text/html", "application/xhtml")),
        b"sec-purpose" in headers or headers.get(b"purpose") == "prefetch",
        seen.status,
    )


def header(headers: Headers, wanted: bytes) -> str:
    """The first value of a header, or empty."""
    for name, value in headers:
        if len(name) == len(wanted) and name.lower() == wanted:
            return value.decode("latin-1")
    return ""


def _site(url: str) -> str:
    """Scheme and authority, such as `https://x.com`: the pages that people read are never remembered."""
    return "/".join(url[:LONGEST_AUTHORITY].split("/", 3)[:3])


_host = lru_cache(maxsize=4096)(host_of)
