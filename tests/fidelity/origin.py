"""An origin that owes nothing to mitmproxy: HTTP/1.1 written out by hand, HTTP/2 by h2, WebSocket frames by hand.

It runs in a thread of the tests, so that a test can hold an answer back until its client has seen the beginning.
"""

import asyncio
import base64
import gzip
import hashlib
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote

import brotli  # type: ignore[import-untyped]
import h2.config  # type: ignore[import-untyped]
import h2.connection  # type: ignore[import-untyped]
import h2.errors  # type: ignore[import-untyped]
import h2.events  # type: ignore[import-untyped]
import h2.exceptions  # type: ignore[import-untyped]
import h2.settings  # type: ignore[import-untyped]
from tests.fidelity.certificates import Authority

TEXT = ("What a person wrote, with some length to it. " * 400).encode()
PICTURE = bytes(range(256)) * 200
CHUNK = bytes(64 * 1024)

BROWSER = """<!doctype html><title>Origin</title><script>
const said = [performance.getEntriesByType("navigation")[0].nextHopProtocol];
const socket = new WebSocket(`wss://${location.host}/websocket`, "chat");
socket.binaryType = "arraybuffer";
socket.onopen = () => { socket.send("grüß Gott"); socket.send(new Uint8Array([0, 1, 255])); };
socket.onmessage = ({data}) => {
  said.push(typeof data === "string" ? data : new Uint8Array(data).join("."));
  if (said.length === 3) socket.close(4401, "enough");
};
socket.onclose = ({code, wasClean}) => {
  said.push(code, wasClean);
  const events = new EventSource("/events");
  events.onmessage = async ({data}) => {
    said.push(data);
    await fetch("/seen", {method: "POST", body: data});
    if (data === "4") { events.close(); fetch(`/report?${encodeURIComponent(said.join(" "))}`); }
  };
};
</script>""".encode()

Headers = list[tuple[str, str]]


@dataclass
class Request:
    """What the origin saw of a request."""

    protocol: str
    method: str
    path: str
    headers: Headers
    trailers: Headers = field(default_factory=list)
    size: int = 0
    digest: str = ""

    def named(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name]


@dataclass
class Plan:
    """What is answered: `parts` one after the other, each waited for; `cut` ends the connection without the end."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    trailers: Headers = field(default_factory=list)
    length: bool = True
    cut: bool = False
    repeat: int = 1


def plan(request: Request) -> Plan:
    """The answer to a plain case, the same for HTTP/1.1 and HTTP/2."""
    html = ("content-type", "text/html; charset=utf-8")
    path, _, query = request.path.partition("?")
    match path:
        case "/gzip":
            return Plan(200, [html, ("content-encoding", "gzip")], [gzip.compress(TEXT, mtime=0)])
        case "/br":
            return Plan(200, [html, ("content-encoding", "br")], [brotli.compress(TEXT)])
        case "/odd-encoding":
            return Plan(200, [html, ("content-encoding", "gzip")], [b"this is no gzip"])
        case "/chunked":
            return Plan(200, [html], [b"one, ", b"two, ", PICTURE, b"three"], length=False)
        case "/trailers":
            return Plan(200, [html, ("trailer", "x-sum")], [b"body"], [("x-sum", "401")], length=False)
        case "/204" | "/304":
            return Plan(int(path[1:]), [("etag", '"a"'), ("x-empty", "")], length=False)
        case "/redirect":
            return Plan(302, [("location", "/picture"), html], [b"elsewhere"])
        case "/404" | "/500" | "/503" | "/418":
            return Plan(int(path[1:]), [html], [b"no"])
        case "/cookies":
            return Plan(
                200, [html, ("set-cookie", "a=1; Secure"), ("set-cookie", "b=2; Path=/"), ("x-b", "\xe9")], [b"-"]
            )
        case "/browser":
            return Plan(200, [html], [BROWSER])
        case "/picture":
            return Plan(200, [("content-type", "image/png")], [PICTURE])
        case "/cut":
            return Plan(200, [html, ("content-length", "100000")], [b"the beginning"], length=False, cut=True)
        case "/cut-chunked":
            return Plan(200, [html], [b"the beginning"], length=False, cut=True)
        case "/big":
            return Plan(200, [("content-type", "video/mp4")], [CHUNK], repeat=int(query) * 16)
        case _:
            return Plan(200, [html], [f"{request.method} {request.size} {request.digest}".encode()])


class Origin:
    """Listens on 127.0.0.1 from construction to `close`."""

    def __init__(self, authority: Authority) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.reports: list[str] = []
        self.reported = threading.Event()
        self.seen_by_client = threading.Event()
        self.half = threading.Event()
        self.poured = 0
        self._contexts = {ask: authority.context(ask=ask) for ask in (False, True)}
        for context in self._contexts.values():
            context.sni_callback = _refuse_broken
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.open()

    def open(self) -> None:
        """Listen, always on the same port."""

        listening = socket.create_server(("127.0.0.1", self.port), backlog=200)
        listening.setblocking(False)
        self.port = listening.getsockname()[1]

        async def start() -> asyncio.Task[None]:
            return asyncio.create_task(self._accept(listening))

        self._server = asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                connection, _ = await loop.sock_accept(listening)
                task = asyncio.create_task(self._welcome(connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _welcome(self, connection: socket.socket) -> None:
        """OpenSSL settles whether to ask for a certificate before it tells the server's name: so look ahead."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(connection, readable.set)
        await readable.wait()
        loop.remove_reader(connection)
        try:
            ask = b"members." in connection.recv(4096, socket.MSG_PEEK)
            reader = asyncio.StreamReader(limit=2**20)
            protocol = asyncio.StreamReaderProtocol(reader, self._serve)
            await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._contexts[ask])
        except OSError:
            connection.close()

    def shut(self) -> None:
        """Refuse connections."""

        async def stop() -> None:
            assert self._server
            self._server.cancel()
            with suppress(asyncio.CancelledError):
                await self._server

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)

    def close(self) -> None:
        """Stop for good."""
        self.shut()

        async def stop() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=5) if tasks else None

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def to(self, path: str) -> list[Request]:
        """The requests for a path."""
        return [request for request in self.requests if request.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.CancelledError,
            ssl.SSLError,
            h2.exceptions.ProtocolError,
        ):
            connection = writer.get_extra_info("ssl_object")
            if connection.selected_alpn_protocol() == "h2":
                await Http2(self, reader, writer).serve()
            else:
                await Http1(self, reader, writer).serve()
        with suppress(ConnectionError, ssl.SSLError):
            writer.close()

    def heed(self, path: str) -> None:
        """A page tells how it went, or that it has an event."""
        if path == "/seen":
            self.seen_by_client.set()
        if path.startswith("/report?"):
            self.reports.append(unquote(path.partition("?")[2]))
            self.reported.set()

    async def wait(self, event: threading.Event) -> None:
        """Until a test says so, for at most 20 seconds."""
        await asyncio.get_running_loop().run_in_executor(None, event.wait, 20)


def _refuse_broken(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
    return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE if name and name.startswith("broken.") else None


class Http1:
    """One connection of HTTP/1.1."""

    def __init__(self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.origin, self.reader, self.writer = origin, reader, writer

    async def serve(self) -> None:
        """Answer requests until one ends the connection."""
        while head := await self._head():
            method, path, _ = head[0].split(" ", 2)
            headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:])]
            request = Request("http/1.1", method, path, headers)
            if path == "/websocket":
                self.origin.requests.append(request)
                await self._websocket(request)
                return
            if path == "/refuse-early":
                self.origin.requests.append(request)
                self.writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno\n")
                await self.writer.drain()
                return
            if "100-continue" in request.named("expect"):
                self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await self._body(request)
            self.origin.requests.append(request)
            if not await self._answer(request):
                return

    async def _head(self) -> list[str]:
        try:
            raw = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return []
        return raw.decode("latin-1").split("\r\n")[:-2]

    async def _body(self, request: Request) -> None:
        digest = hashlib.sha256()
        chunked = "chunked" in request.named("transfer-encoding")
        left = int((request.named("content-length") or ["0"])[0])
        while True:
            if chunked:
                left = int((await self.reader.readline()).split(b";")[0], 16)
                if not left:
                    while line := (await self.reader.readline()).strip():
                        name, _, value = line.decode().partition(":")
                        request.trailers.append((name, value.strip()))
                    break
            while left:
                data = await self.reader.read(min(left, 2**18))
                if not data:
                    raise ConnectionResetError
                left -= len(data)
                request.size += len(data)
                digest.update(data)
                if request.path == "/two-halves" and request.size >= 1000:
                    self.origin.half.set()
            if not chunked:
                break
            await self.reader.readline()
        request.digest = digest.hexdigest()

    async def _answer(self, request: Request) -> bool:
        writer = self.writer
        raw = RAW.get(request.path)
        if raw is not None:
            writer.write(raw)
            await writer.drain()
            return request.path in STAYS_OPEN
        if request.path in ENDLESS:
            await self._go_on_for_ever(*ENDLESS[request.path])
            return False
        if request.path == "/never":
            await asyncio.sleep(3600)
        if request.path == "/reset":
            writer.transport.abort()
            return False
        self.origin.heed(request.path)
        if request.path == "/events":
            await self._events()
            return True
        one = plan(request)
        headers = list(one.headers)
        body_less = one.status in (204, 304)
        size = sum(map(len, one.parts)) * one.repeat
        if one.length and not body_less:
            headers.append(("content-length", str(size)))
        chunked = not one.length and not body_less and not any(n == "content-length" for n, _ in headers)
        if chunked:
            headers.append(("transfer-encoding", "chunked"))
        head = f"HTTP/1.1 {one.status} Because\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n"
        writer.write(head.encode("latin-1"))
        if request.method == "HEAD":
            return True
        for part in (part for _ in range(one.repeat) for part in one.parts):
            writer.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            await writer.drain()
        if one.cut:
            await asyncio.sleep(0.05)
            writer.transport.abort()
            return False
        if chunked:
            writer.write(b"0\r\n" + "".join(f"{n}: {v}\r\n" for n, v in one.trailers).encode() + b"\r\n")
        await writer.drain()
        return True

    async def _go_on_for_ever(self, first: bytes, again: bytes) -> None:
        self.origin.poured = 0
        self.writer.write(first)
        again *= 60
        while self.origin.poured < 60 * 1024 * 1024 and not self.writer.transport.is_closing():
            self.writer.write(again)
            await self.writer.drain()
            await asyncio.sleep(0)
            self.origin.poured += len(again)

    async def _events(self) -> None:
        """Each event is sent once the client has said that it has the one before."""
        self.writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for number in range(5):
            part = b"data: %d\n\n" % number
            self.origin.seen_by_client.clear()
            self.writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await self.writer.drain()
            await self.origin.wait(self.origin.seen_by_client)
        self.writer.write(b"0\r\n\r\n")

    async def _websocket(self, request: Request) -> None:
        """Echoes what it is told until the other side closes, and closes with the same code."""
        key = request.named("sec-websocket-key")[0] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        chosen = "".join(f"sec-websocket-protocol: {p}\r\n" for p in request.named("sec-websocket-protocol")[:1])
        self.writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"{chosen}sec-websocket-accept: {accept}\r\n\r\n".encode()
        )
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 127
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
            mask = await self.reader.readexactly(4)
            data = await self.reader.readexactly(size)
            plain = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
            opcode = first & 15
            self.writer.write(bytes([0x80 | (10 if opcode == 9 else opcode)]) + _size(size) + plain)
            await self.writer.drain()
            if opcode == 8:
                return


def _size(size: int) -> bytes:
    if size < 126:
        return bytes([size])
    return b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)


RAW = {
    "/not-http": b"\x15\x03\x01\x00\x02\x02\x28 this is no HTTP\r\n\r\n",
    "/bad-length": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
    "/two-lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello",
    "/bad-chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "/empty": b"",
    "/no-headers": b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "/http10": b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nold",
    "/early-hints": (
        b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\npage"
    ),
    "/long-header": b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 60_000 + b"\r\ncontent-length: 2\r\n\r\nok",
}
ENDLESS = {
    "/endless-headers": (b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"a" * 1000 + b"\r\n"),
    "/endless-header": (b"HTTP/1.1 200 OK\r\nx-long: ", b"a" * 1000),
    "/endless-hints": (b"", b"HTTP/1.1 103 Early Hints\r\nx-more: " + b"a" * 1000 + b"\r\n\r\n"),
    "/endless-chunk-head": (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", b"a" * 1000),
    "/endless-trailers": (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
        b"x-more: " + b"a" * 1000 + b"\r\n",
    ),
}
"""What is written first, and what is written over and over: 60 MB of it if nobody hangs up."""
STAYS_OPEN = frozenset({"/early-hints", "/long-header"})


class Http2:
    """One connection of HTTP/2."""

    def __init__(self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.origin, self.reader, self.writer = origin, reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
        self.streams: dict[int, tuple[Request, hashlib._Hash]] = {}
        self.window = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer until the client goes."""
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**20})
        self.h2.increment_flow_control_window(2**24)
        await self._flush()
        try:
            while data := await self.reader.read(2**18):
                for event in self.h2.receive_data(data):
                    self._take(event)
                await self._flush()
        finally:
            for task in self.tasks:
                task.cancel()

    async def _flush(self) -> None:
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            headers = [(str(n), str(v)) for n, v in event.headers or ()]
            pseudo = {n: v for n, v in headers if n.startswith(":")}
            plain = [(n, v) for n, v in headers if not n.startswith(":")]
            plain.append(("host", pseudo.get(":authority", "")))
            request = Request("h2", pseudo[":method"], pseudo[":path"], plain)
            self.streams[event.stream_id] = request, hashlib.sha256()
        elif isinstance(event, h2.events.DataReceived):
            request, digest = self.streams[event.stream_id]
            request.size += len(event.data)
            digest.update(event.data)
            if request.path != "/stalled":
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if request.path == "/two-halves" and request.size >= 1000:
                self.origin.half.set()
        elif isinstance(event, h2.events.TrailersReceived):
            self.streams[event.stream_id][0].trailers.extend((str(n), str(v)) for n, v in event.headers or ())
        elif isinstance(event, h2.events.StreamEnded):
            request, digest = self.streams.pop(event.stream_id)
            request.digest = digest.hexdigest()
            self.origin.requests.append(request)
            task = asyncio.create_task(self._answer(event.stream_id, request))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif isinstance(event, h2.events.StreamReset):
            self.streams.pop(event.stream_id, None)
        self.window.set()

    async def _answer(self, stream: int, request: Request) -> None:
        with suppress(ConnectionError, h2.exceptions.ProtocolError):
            await self._send(stream, request)
            await self._flush()

    async def _send(self, stream: int, request: Request) -> None:
        path = request.path
        if path == "/never":
            await asyncio.sleep(3600)
        if path == "/reset":
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            return
        self.origin.heed(path)
        if path == "/events":
            self.h2.send_headers(stream, [(":status", "200"), ("content-type", "text/event-stream")])
            for number in range(5):
                self.origin.seen_by_client.clear()
                await self._data(stream, b"data: %d\n\n" % number)
                await self.origin.wait(self.origin.seen_by_client)
            self.h2.end_stream(stream)
            return
        if path == "/early-hints":
            self.h2.send_headers(stream, [(":status", "103"), ("link", "</a.css>")])
        one = plan(request)
        headers = [(":status", str(one.status)), *one.headers]
        if one.length:
            headers.append(("content-length", str(sum(map(len, one.parts)) * one.repeat)))
        self.h2.send_headers(stream, headers)
        if request.method != "HEAD":
            for part in (part for _ in range(one.repeat) for part in one.parts):
                await self._data(stream, part)
        if one.cut:
            await self._flush()
            await asyncio.sleep(0.05)
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif one.trailers and request.method != "HEAD":
            self.h2.send_headers(stream, one.trailers, end_stream=True)
        else:
            self.h2.end_stream(stream)

    async def _data(self, stream: int, data: bytes) -> None:
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room <= 0:
                self.window.clear()
                await self.window.wait()
                continue
            self.h2.send_data(stream, data[:room])
            data = data[room:]
            await self._flush()
