"""Hostile requests and answers, through every hook of ours as mitmproxy would call it."""

import gzip
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st
from mitmproxy import connection, http, tls
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from tests.proxy.making import NOBODY, PUPIL, STAFFROOM, WIFI, school
from wsproto.frame_protocol import Opcode

from lunchbell.live.decoding import decode
from lunchbell_proxy.bodies import HOLD, LONGEST_JSON, BodyTap
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.headers import Headers
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact, Noticing
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.opening import Opening

HOSTS = [
    b"www.facebook.com",
    b"x.com",
    b"en.wikipedia.org",
    b"wiki.oakfield.example",
    b"www.youtube.com",
    b"web.whatsapp.com",
    b"X.COM.",
    b"x.com:99999",
    b"user:pw@x.com",
    b"[::1]:443",
    b"[",
    b"]",
    b"",
    b":",
    b".",
    b"..x.com",
    b"\xff\xfe.x.com",
    b"xn--\x80.x.com",
    b"x.com\x00.evil",
    b"%78.com",
    b"a" * 300 + b".x.com",
    b"." * 2000 + b"x.com",
    b"\xc3\xa9.x.com",
    b"a." * 70_000 + b"x.com",
    "\u2179.com".encode(),
    b"0x7f.1",
    b"http://x.com/",
    b"//x.com",
    b"x.com/..",
    b"x.com x.com",
]
PATHS = [
    b"/",
    b"",
    b"*",
    b"/api/graphql/",
    b"/i/api/graphql/a/CreateTweet",
    b"/w/index.php?title=a&action=submit",
    b"/w/api.php",
    b"/graphql/query",
    b"/%",
    b"/%ff%00",
    b"/\xff\xfe",
    b"?" * 100,
    b"/?" + b"a=1&" * 30_000,
    b"/" + b"../" * 20_000,
    b"/w/index.php?action=" + b"%41" * 50_000,
    b"/a" * 40_000,
    b"/api/graphql/%2f..%2F\x00",
    b"/?a[]=1&a[]=2&&;&=&=;",
    b"//x.com//",
    b"https://x.com/",
]
NAMES = [
    b"content-type",
    b"content-encoding",
    b"content-length",
    b"origin",
    b"referer",
    b"sec-fetch-dest",
    b"sec-fetch-site",
    b"sec-purpose",
    b"purpose",
    b"x-fb-friendly-name",
    b"host",
    b"Host",
    b"",
    b"\xff",
    b"x-forwarded-for",
    b"Via",
    b"transfer-encoding",
    b"Content-Type",
    b"REFERER",
]
VALUES = [
    b"",
    b"null",
    b"document",
    b"cross-site",
    b"same-origin",
    b"prefetch",
    b"gzip",
    b"GZIP, br",
    b"deflate",
    b"br",
    b"identity",
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=b",
    b"multipart/form-data",
    b"multipart/form-data; boundary=",
    b'multipart/form-data; boundary="',
    b"multipart/form-data; boundary*=utf-7''%ff%",
    b"multipart/form-data; boundary*0*=x''a; boundary*1=b",
    b"multipart/form-data; boundary=" + b"b" * 70_000,
    b"text/plain; charset=\xff",
    b"application/json;" * 5_000,
    b"-1",
    b"99999999999999999999",
    b"1, 2",
    b"\x00",
    b"\xff\xfe",
    b"https://x.com/a?b#c",
    b"https://[/",
    b"https://" + b"a" * 100_000,
    b"//",
    b"javascript:x.com",
    b"https://\xff.x.com",
    b"text/html",
    b"TEXT/HTML; charset=x",
    b"application/xhtml+xml",
    b"ComposerStoryCreateMutation",
    b"a" * 200_000,
    b"multipart/form-data; name*9999999999999999999=a; boundary=b",
    b"multipart/form-data; boundary*" + b"9" * 5000 + b"=b",
]
FIELDS = [
    b"fb_api_req_friendly_name=ComposerStoryCreateMutation",
    b"wpSave=1",
    b"action=edit",
    b"a=%",
    b"=%ff",
    b"&",
    b";",
    b"a=b=c",
    b"%00=%00",
    b"a" * 5_000,
    b"a=" + b"%f0%9f%98%80" * 3_000,
    b"a=+" * 1000,
]
PARTS = [
    b'--b\r\ncontent-disposition: form-data; name="wpSave"\r\n\r\n1\r\n',
    b"--b\r\n",
    b"--b--\r\n",
    b"--b",
    b"\r\n",
    b"--b\r\n\r\n\r\n",
    b"--b\r\ncontent-disposition: form-data; name*=utf-8''%ff%\r\n\r\n1\r\n",
    b"--b\r\n: \r\n\r\n",
    b"--b\r\n" + b"a: b\r\n" * 3_000,
    b'--b\r\ncontent-disposition: form-data; name="' + b"a" * 9_000 + b'"\r\n\r\n1\r\n',
    b"--b\r\n" + b"a" * 70_000,
    b"\x00\xff",
    b"--b\r\nContent-Disposition: form-data; name*0*=a; name*1=b\r\n\r\n1\r\n",
    b"--b\r\nContent-Disposition: form-data; name*99999999999999999999=a\r\n\r\n1\r\n",
]
DOCUMENTS = [
    b'{"variables":{"a":[1,2.5,1e308,null,true,"\\ud83d\\ude00"]},"operationName":"a"}',
    b"[" * 3_000,
    b'{"a":' * 3_000,
    b'{"operationName":' + b"9" * 4_000 + b"}",
    b'[{"operationName":["a",["b"]]}]',
    b'"',
    b"[1e999]",
    b"NaN",
    b"{}",
    b"[]",
    b'{"a":"\xff"}',
    b'{"\\ud800":1}',
    b"0" * 100,
    b" " * 5_000,
    b'{"variables":' * 900 + b"1" + b"}" * 900,
    b"[" + b"0," * 100_000 + b"0]",
    b'{"operationName":' + b"[" * 900 + b"1" + b"]" * 900 + b"}",
]


class Hostile(NamedTuple):
    """One request with its answer."""

    host: bytes
    http2: bool
    method: bytes
    path: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    packing: str
    cuts: list[int]
    client: str
    user: str
    status: int
    answer: list[tuple[bytes, bytes]]
    lengths: list[int]
    ending: str


def hostile() -> st.SearchStrategy[Hostile]:
    """Any of the above with random bytes among it."""

    def some(known: Sequence[bytes], size: int = 30) -> st.SearchStrategy[bytes]:
        return st.one_of(st.sampled_from(known), st.sampled_from(known), st.binary(max_size=size))

    headers = st.lists(st.tuples(some(NAMES), some(VALUES)), max_size=6)
    body = st.one_of(
        st.lists(some(FIELDS), max_size=6).map(b"&".join),
        st.lists(some(PARTS), max_size=6).map(b"".join),
        st.lists(some(DOCUMENTS), max_size=2).map(b"".join),
        st.builds(lambda part, n: part * n, some(PARTS + FIELDS + DOCUMENTS), st.integers(0, 30)),
    )
    return st.builds(
        Hostile, some(HOSTS), st.booleans(), st.sampled_from([b"POST", b"GET", b"PUT", b"CONNECT", b"\xff", b""]),
        some(PATHS), headers, body, st.sampled_from(["", "", "gzip", "cut", "twice", "zlib"]),
        st.lists(st.integers(0, 200_000), max_size=5), st.sampled_from([STAFFROOM, WIFI, PUPIL, NOBODY, "fd40:1::5"]),
        st.one_of(st.just(""), st.text(max_size=20)), st.integers(100, 599), headers,
        st.lists(st.integers(0, 10_000), max_size=4), st.sampled_from(["answered", "error", "half", "websocket"]),
    )  # fmt: skip


def packed(body: bytes, how: str) -> bytes:
    """A body as an encoding has it, sound or not."""
    match how:
        case "gzip":
            return gzip.compress(body, 1)
        case "cut":
            return gzip.compress(body, 1)[:-9]
        case "twice":
            return gzip.compress(body, 1) + b"\x00garbage" * 1000
        case "zlib":
            return zlib.compress(body, 1)
    return body


def cut(body: bytes, cuts: list[int]) -> list[bytes]:
    """A body in chunks; where cuts coincide there is an empty one."""
    places = [0, *sorted(min(c, len(body)) for c in cuts), len(body)]
    return [body[a:b] for a, b in pairwise(places)]


class Addons:
    """Ours, as `run` puts them together, without a network."""

    def __init__(self) -> None:
        self.noticed: list[Seen | Contact] = []
        self.noticing = Noticing(school(), self.noticed.append)
        self.opening = Opening(school(), self.noticing, lambda: False)
        self.headers = Headers(school())
        self.judging = Judging(lambda ms: b"key", Clock())

    def pass_through(self, one: Hostile) -> None:
        """The whole life of a connection and a request; any mistake is an error here."""
        self.noticed.clear()
        flow = _flow(one)
        self._hello(one, flow.client_conn)
        if one.user:
            flow.metadata["proxyauth"] = (one.user, "password")
            self.noticing.http_connect(flow)
        self.noticing.requestheaders(flow)
        self.headers.requestheaders(flow)
        body = packed(one.body, one.packing)
        if callable(flow.request.stream):
            for chunk in [*cut(body, one.cuts), b""]:
                assert flow.request.stream(chunk) == chunk
            assert isinstance(flow.request.stream, BodyTap)
            held_at_most(flow.request.stream)
        if one.ending != "error":
            flow.response = http.Response(b"HTTP/1.1", one.status, b"", http.Headers(one.answer), None, None, 0.0, 0.0)
            self.noticing.responseheaders(flow)
            if callable(flow.response.stream):
                for length in one.lengths:
                    assert flow.response.stream(bytes(length)) == bytes(length)
        if one.ending == "websocket":
            flow.websocket = tflow.tflow(ws=True).websocket
            assert flow.websocket
            flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, True, b"private"))
            self.noticing.websocket_message(flow)
            assert flow.websocket.messages == []
        (self.noticing.response if one.ending in ("answered", "websocket") else self.noticing.error)(flow)
        self.noticing.client_disconnected(flow.client_conn)
        assert "lunchbell.seen" not in flow.metadata
        assert self.noticing.failures == self.opening.failures == 0
        for number, noticed in enumerate(self.noticed, 1):
            event = self.judging.event(noticed)
            event.seq = number
            decoded = decode(number, msgspec.json.encode(event))
            assert [e.seq for e in decoded.events] == [number], decoded.rejected

    def _hello(self, one: Hostile, client: connection.Client) -> None:
        context = _Context(client, connection.Server(address=("192.0.2.1", 443)))
        data = tls.ClientHelloData(context, _Hello(one.host.decode("latin-1")))  # type: ignore[arg-type]
        self.opening.tls_clienthello(data)


class _Context(NamedTuple):
    client: connection.Client
    server: connection.Server


class _Hello(NamedTuple):
    sni: str


def _flow(one: Hostile) -> http.HTTPFlow:
    client = connection.Client(peername=(one.client, 50_000), sockname=("127.0.0.1", 8080), timestamp_start=0)
    flow = http.HTTPFlow(client, connection.Server(address=("192.0.2.1", 443)))
    headers = one.headers if one.http2 else [(b"Host", one.host), *one.headers]
    flow.request = http.Request(
        "192.0.2.1", 443, one.method, b"https", one.host if one.http2 else b"", one.path,
        b"HTTP/2.0" if one.http2 else b"HTTP/1.1", http.Headers(headers), None, None, 1_763_295_600.0, None,
    )  # fmt: skip
    return flow


def held_at_most(tap: BodyTap) -> None:
    """What a tap holds is bounded, whatever went by."""
    if tap._held is not None:
        assert len(tap._held) <= HOLD
        return
    reader = tap._reader
    assert reader is not None
    assert len(reader._document or b"") <= LONGEST_JSON
    if reader._inflate:
        assert len(reader._inflate.unused_data) + len(reader._inflate.unconsumed_tail) <= 2 * max(tap.size, HOLD)
    fields = reader._fields
    assert sum(map(len, fields.fields)) <= 100_000
    assert sum(len(value) for values in fields.fields.values() for value in values) <= 100_000
    assert max(map(len, (fields._name, fields._value, fields._header, fields._header_value))) <= 1_000
