"""Batches of events into the store: each line is checked by type, a bad one is kept aside by number and reason."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from sqlite_utils import Database

from lunchbell.events import Event
from lunchbell.store.feeds import accept
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import token_name

MOST_LINES = 5_000
Result = TypeVar("Result")


class Batch(NamedTuple):
    """The decoded range `first..last` of a feed."""

    first: int
    last: int
    events: list[Event]
    rejected: list[tuple[int, str]]


_DECODER = msgspec.json.Decoder(Event)


def decode(first: int, body: bytes) -> Batch:
    """NDJSON lines numbered from `first`; ValueError if there are none or too many."""
    lines = body.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise ValueError("the batch has no lines")
    if len(lines) > MOST_LINES:
        raise ValueError(f"the batch has {len(lines)} lines; send {MOST_LINES} at most")
    events: list[Event] = []
    rejected: list[tuple[int, str]] = []
    for seq, line in enumerate(lines, first):
        try:
            event = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            rejected.append((seq, str(error)[:200]))
            continue
        if event.seq == seq:
            events.append(event)
        else:
            rejected.append((seq, "its seq is not its place in the batch"))
    return Batch(first, first + len(lines) - 1, events, rejected)


class Ingest:
    """The store's one writer: a thread of its own, so that commits never hold up the pages."""

    def __init__(self, database: Path, now: Callable[[], int]) -> None:
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._db: Database = self._thread.submit(open_store, database).result()

    async def feed_of(self, token: str) -> str | None:
        """The feed that a token names."""
        return await self._in_thread(lambda: token_name(self._db, token, "feed"))

    async def accept(self, feed: str, epoch: str, batch: Batch) -> int:
        """Commit a batch; the last number the store then has. FeedGapError if events before it are missing."""
        first, last, events, rejected = batch
        return await self._in_thread(lambda: accept(self._db, feed, epoch, first, last, events, rejected, self._now()))

    async def close(self) -> None:
        """Close the store."""
        await self._in_thread(self._db.close)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
