"""A link between proxy and analyser that can do to a request what networks do; it knows just enough HTTP for that."""

import asyncio
import json
import random
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

HARM = (
    "refused", "cut", "answer lost", "truncated", "duplicated", "reordered", "stalled", "hung",
    "500", "429", "redirected", "nonsense", "wrong json", "lying 409", "stale",
)  # fmt: skip
"""What can befall one request."""


class Message(NamedTuple):
    """A request or an answer, whole."""

    head: bytes
    body: bytes


class Relay:
    """Runs in a thread of its own; `harm` chooses what befalls a request (None: nothing)."""

    def __init__(self, chance: random.Random) -> None:
        self.port = self.target = 0
        self.harm: Callable[[], str | None] = lambda: None
        self.befell: dict[str, int] = {}
        self._chance = chance
        self._later: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.CancelledError):
            while True:
                request = await _read(reader)
                harm = self.harm()
                if harm:
                    self.befell[harm] = self.befell.get(harm, 0) + 1
                answer = await self._answer(request, harm)
                if answer is None:
                    break
                writer.write(answer.head + answer.body)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()

    async def _answer(self, request: Message, harm: str | None) -> Message | None:
        """None: the connection is cut."""
        if harm == "refused":
            return None
        if harm == "cut":
            await self._forward(Message(request.head, request.body[: len(request.body) // 2]), cut=True)
            return None
        if harm == "answer lost":
            await self._forward(request)
            return None
        if harm == "truncated":
            body = request.body[: self._chance.randrange(len(request.body) + 1)]
            return await self._forward(Message(_with_length(request.head, len(body)), body))
        if harm == "duplicated":
            both = await asyncio.gather(self._forward(request), self._forward(request))
            return self._chance.choice(both)
        if harm == "reordered":
            self._send_later(request, self._chance.uniform(0.05, 1.5))
            return await self._forward(request)
        if harm == "stalled":
            await asyncio.sleep(self._chance.uniform(0.2, 1.2))
        if harm == "hung":
            await asyncio.sleep(2.5)
            return None
        if harm == "500":
            return _made("500 Internal Server Error", b"<h1>Oops</h1>")
        if harm == "429":
            return _made("429 Too Many Requests", b"{}")
        if harm == "redirected":
            return _made("307 Temporary Redirect", b"", f"Location: http://127.0.0.1:{self.target}/api/events\r\n")
        if harm == "nonsense":
            return _made("200 OK", bytes(self._chance.randrange(256) for _ in range(200)))
        if harm == "wrong json":
            return _made("200 OK", self._chance.choice([b"[]", b'{"seq":"7","paused":false}', b'{"seq":-1}', b"{}"]))
        if harm == "lying 409":
            return _made("409 Conflict", json.dumps({"seq": 0, "rejected": [], "paused": False}).encode())
        if harm == "stale":
            return _made("200 OK", json.dumps({"seq": 0, "rejected": [], "paused": False}).encode())
        return await self._forward(request)

    async def _forward(self, request: Message, *, cut: bool = False) -> Message | None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            return None
        try:
            writer.write(request.head + request.body)
            await writer.drain()
            return None if cut else await _read(reader)
        except (OSError, EOFError):
            return None
        finally:
            writer.close()

    def _send_later(self, request: Message, seconds: float) -> None:
        async def send() -> None:
            await asyncio.sleep(seconds)
            await self._forward(request)

        task = self._loop.create_task(send())
        self._later.add(task)
        task.add_done_callback(self._later.discard)


async def _read(reader: asyncio.StreamReader) -> Message:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return Message(head, await reader.readexactly(int(length[1])) if length else b"")


def _with_length(head: bytes, length: int) -> bytes:
    return re.sub(rb"(?i)(\r\ncontent-length: *)\d+", rb"\g<1>%d" % length, head)


def _made(status: str, body: bytes, headers: str = "") -> Message:
    return Message(
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode(),
        body,
    )
