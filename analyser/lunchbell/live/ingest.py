"""The store's one writer: batches that arrive together are committed together, and each is answered after the commit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from lunchbell.store.feeds import Range, accept, last_seq
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import token_name

MOST_WAITING = 64
"""Batches; more are turned away with 429, and wait in their senders' outboxes."""
Result = TypeVar("Result")


class BusyError(Exception):
    """Too many batches wait already."""


class Ingest:
    """Everything happens in one thread of its own, so that commits never hold up the pages. `now`: milliseconds UTC."""

    def __init__(self, database: Path, now: Callable[[], int]) -> None:
        self.accepted = self.rejected = self.commits = 0
        self._now = now
        self._waiting: list[tuple[Range, asyncio.Future[int | None]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._db: Database = self._thread.submit(open_store, database).result()

    async def feed_of(self, token: str) -> str | None:
        """The feed that a token names."""
        return await self._in_thread(lambda: token_name(self._db, token, "feed"))

    async def accept(self, one: Range) -> int | None:
        """Commit a range; the store's answer to it (`store.feeds.accept`). BusyError, sqlite3.Error: nothing was taken."""
        if len(self._waiting) >= MOST_WAITING:
            raise BusyError
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())
        return await answer

    async def last_seq(self, feed: str, epoch: str) -> int:
        """The last line of a feed that is in the store."""
        return await self._in_thread(lambda: last_seq(self._db, feed, epoch))

    async def close(self) -> None:
        """Commit what is waiting and close the store."""
        if self._committing:
            await self._committing
        await self._in_thread(self._db.close)
        self._thread.shutdown()

    async def _commit(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            ranges = [one for one, _ in taken]
            try:
                answers = await self._in_thread(lambda ranges=ranges: accept(self._db, ranges, self._now()))  # type: ignore[misc]
            except Exception as error:
                for _, answer in taken:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            self.commits += 1
            for (one, answer), seq in zip(taken, answers, strict=True):
                if seq is not None:
                    self.accepted += len(one.events)
                    self.rejected += len(one.rejected)
                if not answer.done():
                    answer.set_result(seq)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
