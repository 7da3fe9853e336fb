"""Carries the outbox to the analyser, one batch in flight; whatever goes wrong is tried again, more and more slowly.

It says that the proxy is alive even when nothing happens, and learns from the answers whether monitoring is paused, and
whether the analyser's store was set back. Nothing that an analyser answers can make an event count twice.
"""

import asyncio
import base64
import hashlib
import logging
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import aiohttp
import orjson

from lunchbell_proxy.outbox import Outbox
from lunchbell_proxy.recording import INTERVAL, Recording

logger = logging.getLogger(__name__)

BATCH = 500
PAUSE = 0.2
LONGEST_PAUSE = 30.0
HEARTBEAT = 1.0
"""Seconds between words with the analyser while nothing happens: also how soon a pause is known everywhere."""
TIMEOUT = aiohttp.ClientTimeout(total=30)
LAST_TRY = 5.0
"""Seconds for what is still waiting when the proxy ends."""
LONGEST_ANSWER = 256 * 1024


class AnalyserError(Exception):
    """The analyser answered something that cannot be right."""


class Answer(NamedTuple):
    """Whether all that came before is there, and the last number that the analyser has of the epoch."""

    complete: bool
    has: int


FAILURES = (aiohttp.ClientError, TimeoutError, OSError, AnalyserError, sqlite3.Error)
"""sqlite3.Error: the outbox cannot be read or written for now, as on a full disk."""


class Sending:
    """POSTs batches to `<analyser>/api/events` while the proxy runs. `paused`: the analyser's last word on it."""

    def __init__(self, outbox: Outbox, analyser: str, token: str) -> None:
        self.outbox = outbox
        self.recording: Recording | None = None
        self.paused = False
        self.unreachable = 0
        self._url = f"{analyser.rstrip('/')}/api/events"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        self._task: asyncio.Task[None] | None = None
        self._checked = False
        self._said = float("-inf")

    async def running(self) -> None:
        """mitmproxy's hook: the proxy is up."""
        self._task = asyncio.create_task(self._send_for_ever())

    async def done(self) -> None:
        """mitmproxy's hook: the proxy ends; one last try, then the rest waits on disk.

        Requests are answered all the while, so recording ends last, and without letting the loop turn once more.
        """
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await asyncio.sleep(2 * INTERVAL)  # what was noticed last comes to the outbox
        with suppress(*FAILURES):
            async with asyncio.timeout(LAST_TRY), aiohttp.ClientSession(timeout=TIMEOUT) as session:
                while await self._send(session):
                    pass
        if self.recording:
            self.recording.stop()
        self.outbox.close()

    async def _send_for_ever(self) -> None:
        pause = PAUSE
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                try:
                    while await self._step(session):
                        pass
                    pause = PAUSE
                except Exception as error:
                    self.unreachable += 1
                    pause = min(pause * 2, LONGEST_PAUSE)
                    mistake = None if isinstance(error, FAILURES) else error
                    said = type(error).__name__
                    logger.warning("the analyser did not take events, they wait on disk: %s", said, exc_info=mistake)
                await asyncio.sleep(pause)

    async def _step(self, session: aiohttp.ClientSession) -> bool:
        """Do what is to be done now; whether there may be more."""
        if not self._checked:
            for epoch, seq in await asyncio.to_thread(self.outbox.sent):
                await self._ask(session, epoch, seq)
            self._checked = True
        if await self._send(session):
            return True
        if time.monotonic() - self._said > HEARTBEAT:
            sent = await asyncio.to_thread(self.outbox.sent)
            await self._ask(session, *sent[-1] if sent else ("", 0))
        return False

    async def _send(self, session: aiohttp.ClientSession) -> bool:
        """Send the oldest batch; whether there was one."""
        batch = await asyncio.to_thread(self.outbox.batch, BATCH)
        if batch is None:
            return False
        answer = await self._post(session, batch.epoch, batch.first, batch.lines)
        if not answer.complete:
            await self._fill(batch.epoch, answer.has)
        elif answer.has < batch.last:
            raise AnalyserError("it did not take the batch")
        elif not await asyncio.to_thread(self.outbox.confirm, batch.epoch, batch.last):
            raise AnalyserError("what it has was removed meanwhile")
        return True

    async def _ask(self, session: aiohttp.ClientSession, epoch: str, seq: int) -> None:
        """Say that the proxy is alive, and ask whether the analyser still has an epoch up to `seq`."""
        answer = await self._post(session, epoch, seq + 1, [])
        if not answer.complete:
            await self._fill(epoch, answer.has)

    async def _fill(self, epoch: str, has: int) -> None:
        """The analyser lacks lines that it once confirmed: say so, and look whether the same befell other epochs."""
        self._checked = False
        now = self.recording.now() if self.recording else time.time_ns() // 1_000_000
        if lost := await asyncio.to_thread(self.outbox.fill, epoch, has, now):
            logger.error("the analyser's store was set back: %d lines it once confirmed are missing", lost)

    async def _post(self, session: aiohttp.ClientSession, epoch: str, first: int, lines: Sequence[bytes]) -> Answer:
        body = b"".join(line + b"\n" for line in lines)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = self._headers | {"Content-Digest": f"sha-256=:{digest}:"}  # RFC 9530
        query = {"epoch": epoch, "first": str(first)} if epoch else {}
        async with session.post(self._url, params=query, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status not in (200, 409):
                raise AnalyserError(f"status {answer.status}")
            text = b""
            async for chunk in answer.content.iter_any():
                text += chunk
                if len(text) > LONGEST_ANSWER:
                    raise AnalyserError("its answer has no end")
        try:
            told = orjson.loads(text)
            seq, paused, of = told["seq"], told["paused"], told.get("epoch", epoch)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise AnalyserError("its answer cannot be read") from None
        if type(seq) is not int or seq < 0 or type(paused) is not bool or of != epoch:
            raise AnalyserError("its answer cannot be right")
        complete = answer.status == 200
        if epoch and complete != (seq >= first - 1):
            raise AnalyserError("its answer contradicts itself")
        self.paused = paused
        self._said = time.monotonic()
        return Answer(complete, seq)
