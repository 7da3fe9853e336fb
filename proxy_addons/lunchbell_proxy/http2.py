"""Lets HTTP/2 streams wait: mitmproxy takes all that one side sends, however slowly the other side takes it.

A large upload to a slow server, or a download that a browser has paused, would lie in memory as a whole. Here each
stream has a window of `WINDOW` bytes, and it opens again only once the other side has taken what was sent. Remove this
once mitmproxy does so itself.
"""

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from mitmproxy.connection import Client
from mitmproxy.proxy.commands import Command, RequestWakeup, SendData
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.events import Event, Wakeup
from mitmproxy.proxy.layers import http as layers
from mitmproxy.proxy.layers.http import _http2
from mitmproxy.proxy.layers.http._http_h2 import BufferedH2Connection

WINDOW = 2 * 1024 * 1024
"""What may be under way on one stream: at 30 ms it lets 500 Mbit/s pass."""
MOST_WAITING = 16
"""Pieces of one stream that wait for the other side; with more, the window stays as it is."""
LOOK_AGAIN = 0.05
"""Seconds until it is seen whether the other side has taken them."""

_of_client: WeakKeyDictionary[Client, WeakSet["_Side"]] = WeakKeyDictionary()
"""Both sides of the streams of a client's connection."""


def mend() -> None:
    """For every connection from now on, in this process."""
    _http2.BufferedH2Connection = Windowed  # type: ignore[attr-defined]
    layers.Http2Server = ClientSide  # type: ignore[attr-defined]
    layers.Http2Client = ServerSide  # type: ignore[attr-defined]


class Windowed(BufferedH2Connection):
    """A connection that can put off telling its peer to go on."""

    side: "_Side | None" = None

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.local_settings.initial_window_size = WINDOW
        self.local_settings.acknowledge()
        self.owed: dict[int, int] = {}

    def acknowledge_received_data(self, acknowledged_size: int, stream_id: int) -> None:
        """Bytes were handed on: let the peer send as many, now or later."""
        self.owed[stream_id] = self.owed.get(stream_id, 0) + acknowledged_size
        if self.side is None or not self.side.must_wait(stream_id):
            self.pay(stream_id)

    def pay(self, stream_id: int) -> None:
        """Let the peer go on with a stream."""
        super().acknowledge_received_data(self.owed.pop(stream_id), stream_id)

    def waiting(self, stream_id: int) -> int:
        """Pieces of a stream that the peer does not take yet."""
        return len(self.stream_buffers.get(stream_id, ()))


class _Side(_http2.Http2Connection):
    """The client's or the server's side of streams."""

    h2_conn: Windowed
    _reminder: RequestWakeup | None = None

    def __init__(self, context: Context) -> None:
        super().__init__(context)  # type: ignore[call-arg]
        self.h2_conn.side = self
        _of_client.setdefault(context.client, WeakSet()).add(self)

    def must_wait(self, stream_id: int) -> bool:
        """Whether the other side of a stream has enough to do already."""
        raise NotImplementedError

    def _handle_event(self, event: Event) -> Iterator[Command]:  # type: ignore[override]
        if self._reminder and isinstance(event, Wakeup) and event.command is self._reminder:
            self._reminder = None
            for stream_id in list(self.h2_conn.owed):
                if stream_id not in self.streams or not self.must_wait(stream_id):
                    self.h2_conn.pay(stream_id)
            if data := self.h2_conn.data_to_send():
                yield SendData(self.conn, data)
        else:
            yield from super()._handle_event(event)
        if self.h2_conn.owed and self._reminder is None:
            self._reminder = RequestWakeup(LOOK_AGAIN)
            yield self._reminder

    def _others(self) -> "list[_Side]":
        return [side for side in _of_client.get(self.context.client, ()) if side is not self]


class ClientSide(_Side, _http2.Http2Server):  # type: ignore[misc]
    """What the client sends waits for the server."""

    def must_wait(self, stream_id: int) -> bool:
        """Whether the server has yet to take what was sent to it."""
        for side in self._others():
            if isinstance(side, ServerSide):
                theirs = side.our_stream_id.get(stream_id, -1)
                if max(side.h2_conn.waiting(theirs), len(side.stream_queue.get(stream_id, ()))) > MOST_WAITING:
                    return True
        return False


class ServerSide(_Side, _http2.Http2Client):  # type: ignore[misc]
    """What the server sends waits for the client."""

    def must_wait(self, stream_id: int) -> bool:
        """Whether the client has yet to take what was sent to it."""
        theirs = self.their_stream_id.get(stream_id, -1)
        return any(
            isinstance(side, ClientSide) and side.h2_conn.waiting(theirs) > MOST_WAITING for side in self._others()
        )
