"""The store's one writer: batches that arrive together are committed together, then each is answered."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from lunchbell.store.feeds import Range, accept, keep_heard, last_seq
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import token_name

MOST_WAITING = 64
"""Batches; more are turned away with 429, and wait in their senders' outboxes."""
NOTED = 30_000
"""Milliseconds between notes in the store that a feed was heard."""
Result = TypeVar("Result")


class BusyError(Exception):
    """Too many batches wait already."""


class Ingest:
    """Everything happens in one thread of its own, so that commits never hold up the pages. `now`: milliseconds UTC."""

    def __init__(self, database: Path, now: Callable[[], int]) -> None:
        self.accepted = self.rejected = self.commits = 0
        self._now = now
        self._heard: dict[str, int] = {}
        self._noted: dict[str, int] = {}
        self._waiting: list[tuple[Range, asyncio.Future[int | None]]] = []
        self._committing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._db: Database = self._thread.submit(open_store, database).result()

    async def feed_of(self, token: str) -> str | None:
        """The feed that a token names; it was heard now."""
        return await self._in_thread(lambda: self._feed_of(token))

    def silent_seconds(self) -> dict[str, float]:
        """For each feed heard since the start: how long ago that was."""
        now = self._now()
        return {feed: (now - at) / 1000 for feed, at in self._heard.items()}

    async def accept(self, one: Range) -> int | None:
        """Commit a range; the answer is that of `feeds.accept`. BusyError, sqlite3.Error: nothing was taken."""
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

    def _feed_of(self, token: str) -> str | None:
        feed = token_name(self._db, token, "feed")
        if feed is None:
            return None
        now = self._heard[feed] = self._now()
        if now - self._noted.get(feed, 0) > NOTED:
            keep_heard(self._db, feed, now)
            self._noted[feed] = now
        return feed

    async def _commit(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                await self._commit_together(taken)
            except Exception as error:
                if len(taken) == 1:
                    _answer(taken[0][1], error)
                    continue
                for one in taken:  # what is wrong with one of them must not keep the others out
                    try:
                        await self._commit_together([one])
                    except Exception as its_own:
                        _answer(one[1], its_own)

    async def _commit_together(self, taken: Sequence[tuple[Range, asyncio.Future[int | None]]]) -> None:
        answers = await self._in_thread(lambda: accept(self._db, [one for one, _ in taken], self._now()))
        self.commits += 1
        for (one, answer), seq in zip(taken, answers, strict=True):
            if seq is not None:
                self.accepted += len(one.events)
                self.rejected += len(one.rejected)
            _answer(answer, seq)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _answer(future: asyncio.Future[int | None], answer: int | Exception | None) -> None:
    if future.done():  # its request was given up
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
