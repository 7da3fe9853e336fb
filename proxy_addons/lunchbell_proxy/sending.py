"""Carries the outbox to the analyser, one batch in flight; whatever goes wrong is tried again, more and more slowly.

It says that the proxy is alive even when nothing happens, and learns from the answers whether monitoring is paused.
"""

import asyncio
import base64
import hashlib
import logging
import time
from contextlib import suppress

import aiohttp
import orjson

from lunchbell.events import Gap
from lunchbell_proxy.outbox import Batch, Outbox
from lunchbell_proxy.recording import Recording

logger = logging.getLogger(__name__)

BATCH = 500
PAUSE = 0.2
LONGEST_PAUSE = 30.0
HEARTBEAT = 1.0
"""Seconds between words with the analyser while nothing happens: also how soon a pause is known everywhere."""
TIMEOUT = aiohttp.ClientTimeout(total=30)


class AnalyserError(Exception):
    """The analyser answered something that cannot be right."""


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

    async def running(self) -> None:
        """mitmproxy's hook: the proxy is up."""
        self._task = asyncio.create_task(self._send_for_ever())

    async def done(self) -> None:
        """mitmproxy's hook: the proxy ends; one last try, then the rest waits on disk."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self.recording:
            await asyncio.to_thread(self.recording.stop)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            with suppress(aiohttp.ClientError, TimeoutError, OSError, AnalyserError):
                while await self._send(session):
                    pass
        await asyncio.to_thread(self.outbox.close)

    async def _send_for_ever(self) -> None:
        pause = PAUSE
        said = 0.0
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            while True:
                try:
                    if await self._send(session):
                        pause, said = PAUSE, time.monotonic()
                        continue
                    if time.monotonic() - said > HEARTBEAT:
                        await self._post(session, Batch("", 0, []))
                        said = time.monotonic()
                    pause = PAUSE
                except (aiohttp.ClientError, TimeoutError, OSError, AnalyserError) as error:
                    self.unreachable += 1
                    pause = min(pause * 2, LONGEST_PAUSE)
                    logger.warning("the analyser did not take events, they wait on disk: %s", type(error).__name__)
                await asyncio.sleep(pause)

    async def _send(self, session: aiohttp.ClientSession) -> bool:
        """Send the oldest batch; whether there was one."""
        batch = await asyncio.to_thread(self.outbox.batch, BATCH)
        if batch is None:
            return False
        has = await self._post(session, batch)
        last = batch.first + len(batch.lines) - 1
        if batch.first - 1 <= has <= last:
            await asyncio.to_thread(self.outbox.confirm, batch.epoch, has)
        elif has < batch.first - 1:
            now = time.time_ns() // 1_000_000
            lost = Gap(1, now, now, "store", batch.first - 1 - has)
            await asyncio.to_thread(self.outbox.renew, batch.epoch, lost)
            logger.error("the analyser's store was set back: %d events it once confirmed are missing", lost.lost)
        else:
            raise AnalyserError("it has more events than were sent")
        return True

    async def _post(self, session: aiohttp.ClientSession, batch: Batch) -> int:
        """The last number that the analyser has of the batch's epoch."""
        body = b"".join(line + b"\n" for line in batch.lines)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = self._headers | {"Content-Digest": f"sha-256=:{digest}:"}  # RFC 9530
        query = {"epoch": batch.epoch, "first": str(batch.first)} if batch.lines else {}
        async with session.post(self._url, params=query, data=body, headers=headers) as answer:
            text = await answer.read()
            if answer.status not in (200, 409):
                raise AnalyserError(f"status {answer.status}")
        try:
            told = orjson.loads(text)
            self.paused = bool(told["paused"])
            seq = told["seq"]
        except (ValueError, KeyError, TypeError):
            raise AnalyserError("its answer cannot be read") from None
        if not isinstance(seq, int):
            raise AnalyserError("its answer cannot be read")
        return seq
