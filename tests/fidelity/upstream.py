"""A plain proxy for tunnels, standing for the school's filter: whatever is asked for is the origin."""

import asyncio
import threading
from contextlib import suppress


class Filter:
    """Listens on 127.0.0.1 from construction to `close`."""

    def __init__(self, origin_port: int) -> None:
        self.tunnels: list[str] = []
        self._origin = origin_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = starting.result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop for good."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.tunnels.append(head.split()[1])
        there, back = await asyncio.open_connection("127.0.0.1", self._origin)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_carry(reader, back), _carry(there, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()
