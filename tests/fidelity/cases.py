"""What is compared: a path of the origin's, how curl asks for it, and whether it is the same through the proxy."""

from dataclasses import dataclass

from tests.fidelity.clients import Answer, Way
from tests.fidelity.origin import Request

HTTP1, HTTP2 = "--http1.1", "--http2"
BOTH = (HTTP1, HTTP2)


@dataclass(frozen=True)
class Case:
    """`error`: both end in an error, which the proxy may word as a 502; `drops`: what does not come through."""

    name: str
    path: str
    options: tuple[str, ...] = ()
    versions: tuple[str, ...] = BOTH
    error: bool = False
    drops: str = ""


def form(text: str) -> tuple[str, ...]:
    """A form's post."""
    return ("--data-raw", text)


FILE = (
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + "a file's text\n" * 100
    + '\r\n--b\r\ncontent-disposition: form-data; name="text"\r\n\r\na\r\n--b--\r\n'
)  # fmt: skip
JSON = ("--json", '{"variables": {"input": {"text": "\\u00e9"}}}')
CASES = (
    Case("a page", "/"),
    Case("a page of HTTP/1.0, which ends with the connection", "/http10", versions=(HTTP1,)),
    Case("an answer without headers", "/no-headers", versions=(HTTP1,)),
    Case("a header of 60 KB", "/long-header", versions=(HTTP1,)),
    Case("a gzip body", "/gzip", ("-H", "accept-encoding: gzip")),
    Case("a br body", "/br", ("-H", "accept-encoding: br")),
    Case("a body that is not what its encoding says", "/odd-encoding"),
    Case("a chunked body", "/chunked"),
    Case("trailers over HTTP/2", "/trailers", versions=(HTTP2,)),
    Case("trailers over HTTP/1.1", "/trailers", versions=(HTTP1,), drops="the trailers"),
    Case("early hints", "/early-hints", drops="the early hints"),
    Case("HEAD", "/picture", ("--head",)),
    Case("HEAD of a chunked page", "/chunked", ("--head",)),
    Case("OPTIONS", "/", ("-X", "OPTIONS", "-H", "origin: https://x.com", "-H", "access-control-request-method: PUT")),
    Case("204", "/204"),
    Case("304", "/304", ("-H", 'if-none-match: "a"')),
    Case("a redirect", "/redirect"),
    Case("a redirect that is followed", "/redirect", ("-L",)),
    Case("404", "/404"),
    Case("418", "/418"),
    Case("503", "/503"),
    Case("several cookies, Latin-1 in a header", "/cookies", ("-H", "cookie: a=1; b=2")),
    Case("an odd path", "/a/../b//c%2Fd%00%ff?x=%26&x=;&&=", ("-H", "x-empty;")),
    Case("a form", "/api/graphql/", form("fb_api_req_friendly_name=ComposerStoryCreateMutation&text=%C3%A9")),
    Case("a document", "/api/graphql/", JSON),
    Case("a form with a file", "/api/graphql/", ("-H", "content-type: multipart/form-data; boundary=b", *form(FILE))),
    Case("PUT", "/thing", ("-X", "PUT", "--data-raw", "a=1")),
    Case("DELETE", "/thing", ("-X", "DELETE")),
    Case("PATCH", "/thing", ("-X", "PATCH", *JSON)),
    Case("a method of its own", "/thing", ("-X", "PROPFIND")),
    Case("a chunked upload", "/thing", ("-H", "transfer-encoding: chunked", "--data-raw", "a" * 5000), (HTTP1,)),
    Case("100-continue", "/thing", ("-H", "expect: 100-continue", "--data-raw", "a" * 5000), drops="the 100"),
    Case("a body cut short", "/cut", error=True),
    Case("a chunked body cut short", "/cut-chunked", error=True),
    Case("a reset before the answer", "/reset", error=True),
    Case("an end before the answer", "/empty", versions=(HTTP1,), error=True),
    Case("an answer that is no HTTP", "/not-http", versions=(HTTP1,), error=True),
    Case("an impossible length", "/bad-length", versions=(HTTP1,), error=True),
    Case("two lengths", "/two-lengths", versions=(HTTP1,), error=True),
    Case("an impossible chunk", "/bad-chunk", versions=(HTTP1,), error=True),
    Case("an answer that never comes", "/never", ("--max-time", "1"), error=True),
)


@dataclass(frozen=True)
class Outcome:
    """What curl got, and what the origin saw of it."""

    answer: Answer
    seen: tuple[Request, ...]

    @staticmethod
    def of(way: Way, case: Case, version: str, host: str) -> "Outcome":
        """Run a case."""
        before = len(way.origin.requests)
        answer = way.curl(host, case.path, version, *case.options)
        return Outcome(answer, tuple(way.origin.requests[before:]))

    def failed(self) -> bool:
        """Whether the person sees an error."""
        return self.answer.exit != 0 or self.answer.status >= 500

    def differences(self, other: "Outcome") -> list[str]:
        """In words, what is not as in the other."""
        found = []
        mine, theirs = self.answer, other.answer
        for name in ("exit", "heads", "size", "digest"):
            here, there = getattr(mine, name), getattr(theirs, name)
            found += [f"{name}: {here} / {there}"] if here != there else []
        for one, another in zip(map(_plain, self.seen), map(_plain, other.seen), strict=False):
            found += [f"the origin saw {a} / {b}" for a, b in zip(one, another, strict=True) if a != b]
        if len(self.seen) != len(other.seen):
            found.append(f"the origin saw {len(self.seen)} / {len(other.seen)} requests")
        return found


def _plain(request: Request) -> tuple[object, ...]:
    headers = sorted((name.lower(), value) for name, value in request.headers)
    return request.protocol, request.method, request.path, headers, request.trailers, request.size, request.digest
