"""A flow -> an `Observation`: the few declared fields that patterns and the order of decision ask for, then nothing more."""

from typing import NamedTuple

from mitmproxy import http

from lunchbell.policy.hosts import host_of
from lunchbell.policy.patterns import Fields, Observation
from lunchbell.policy.services import Service
from lunchbell.policy.urls import fields_of
from lunchbell_proxy.bodies import BodyTap

_NO_FIELDS: Fields = {}
_WANTED = frozenset(
    {
        b"sec-fetch-dest", b"sec-fetch-site", b"origin", b"referer", b"sec-purpose", b"purpose", b"content-type",
        b"content-encoding", b"x-fb-friendly-name",
    }
)  # fmt: skip
_LENGTHS = frozenset(map(len, _WANTED))

NO_ANSWER = 502
"""The status of a request that no server answered, as a gateway would put it."""


class Seen(NamedTuple):
    """What is remembered of a request until its answer: never its headers or its body."""

    service: Service
    host: str
    method: str
    path: str
    query: Fields
    headers: dict[bytes, str]
    tap: BodyTap | None


def host(flow: http.HTTPFlow) -> str:
    """The host that the request names, else the one that the client asked TLS for, else the one it connected to."""
    return host_of(flow.request.pretty_host or flow.client_conn.sni or flow.request.host)


def notice(flow: http.HTTPFlow, service: Service, named: str) -> Seen:
    """What to remember of a request to `service`, with a tap on its body only where a pattern asks for one."""
    request = flow.request
    path, _, query = request.path.partition("?")
    headers = {
        lower: value.decode("latin-1")
        for name, value in request.headers.fields
        if len(name) in _LENGTHS and (lower := name.lower()) in _WANTED
    }
    candidates = service.candidates(request.method, named, path)
    tap = None
    if any(pattern.needs_body for pattern in candidates):
        tap = BodyTap(headers.get(b"content-type", ""), headers.get(b"content-encoding", ""))
    wants_query = any(p.query or p.params or p.operation for p in candidates)
    return Seen(
        service, named, request.method, path or "/", fields_of(query) if wants_query and query else _NO_FIELDS, headers, tap
    )


def observe(seen: Seen, response: http.Response | None) -> Observation:
    """The whole request, once it was answered or failed."""
    headers = seen.headers
    origin = headers.get(b"origin", "")
    if not origin or origin == "null":
        origin = headers.get(b"referer", "")
    content_type = response.headers.get("content-type", "") if response else ""
    return Observation(
        host=seen.host,
        method=seen.method,
        path=seen.path,
        query=seen.query,
        form=seen.tap.form if seen.tap else _NO_FIELDS,
        json=seen.tap.json if seen.tap else None,
        operation=headers.get(b"x-fb-friendly-name", ""),
        dest=headers.get(b"sec-fetch-dest", ""),
        site=headers.get(b"sec-fetch-site", ""),
        origin=host_of(origin) if origin else "",
        html=content_type.startswith(("text/html", "application/xhtml")),
        prefetch=b"sec-purpose" in headers or headers.get(b"purpose") == "prefetch",
        status=response.status_code if response else NO_ANSWER,
    )
