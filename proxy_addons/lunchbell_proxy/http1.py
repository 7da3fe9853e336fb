"""Mends mitmproxy's HTTP/1 where a page would hang, or a hostile site fill the memory:

1. An answer with trailers is a crash inside mitmproxy, and the page waits for ever: trailers are dropped, as RFC 9110
   lets a proxy do (6.5.1).
2. An interim answer (103 Early Hints) is taken for the answer itself, and the page waits for ever: it is dropped.
3. Headers are read without a limit: beyond `LONGEST_HEAD` the answer, or the request, is an error.

Over HTTP/2 mitmproxy does all three itself. Remove this once mitmproxy does so for HTTP/1.
"""

import re
from typing import Any

import h11
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.proxy.layers.http import _http1

LONGEST_HEAD = 512 * 1024
"""Chromium itself takes no more than half of it."""
LONGEST_CHUNK_HEAD = 16 * 1024

_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d(\s|$)")
_UNREADABLE = b"headers-too-long"


def mend() -> None:
    """For every connection from now on, in this process."""
    _http1.ReceiveBuffer = Bounded  # type: ignore[attr-defined]
    _http1.make_body_reader = _body_reader


class Bounded(ReceiveBuffer):
    """What arrived and was not read yet."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """The next head that is not interim; one that mitmproxy must refuse, if it is too long."""
        lines = super().maybe_extract_lines()
        while lines and _INTERIM.match(lines[0]):
            lines = super().maybe_extract_lines()
        if lines is None and len(self) > LONGEST_HEAD:
            return [bytearray(_UNREADABLE)]
        return lines

    def maybe_extract_next_line(self) -> bytearray | None:
        """The next line, which announces a chunk."""
        line = super().maybe_extract_next_line()
        if line is None and len(self) > LONGEST_CHUNK_HEAD:
            raise h11.RemoteProtocolError("a chunk is announced at too great length")
        return line


class _WithoutTrailers(ChunkedReader):
    def __call__(self, buf: ReceiveBuffer) -> Any:
        event = super().__call__(buf)
        return h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) else event


_any_body_reader = _http1.make_body_reader


def _body_reader(expected_size: int | None) -> Any:
    return _WithoutTrailers() if expected_size is None else _any_body_reader(expected_size)
