"""Carries the outbox to the analyser, one batch in flight; whatever goes wrong is tried again, more and more slowly."""

import asyncio
import logging
from contextlib import suppress

import aiohttp
import orjson

from lunchbell_proxy.recording import Recording

logger = logging.getLogger(__name__)

BATCH = 500
PAUSE = 0.2
LONGEST_PAUSE = 60.0


class Sending:
    """POSTs batches to `<analyser>/api/events` while the proxy runs."""

    def __init__(self, recording: Recording, analyser: str, token: str) -> None:
        self.recording = recording
        self.outbox = recording.outbox
        self.url = f"{analyser.rstrip('/')}/api/events"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
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
        await asyncio.to_thread(self.recording.stop)
        async with aiohttp.ClientSession() as session:
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                while await self._send(session):
                    pass
        await asyncio.to_thread(self.outbox.close)

    async def _send_for_ever(self) -> None:
        pause = PAUSE
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    more = await self._send(session)
                    pause = PAUSE
                    if more:
                        continue
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    pause = min(pause * 2, LONGEST_PAUSE)
                    logger.warning("the analyser cannot be reached (%s); events wait on disk", type(error).__name__)
                await asyncio.sleep(pause)

    async def _send(self, session: aiohttp.ClientSession) -> bool:
        """Send the oldest batch; whether there may be more."""
        first, lines = await asyncio.to_thread(self.outbox.batch, BATCH)
        if not lines:
            return False
        query = {"epoch": self.outbox.epoch, "first": str(first)}
        async with session.post(
            self.url,
            params=query,
            data=b"\n".join(lines) + b"\n",
            headers=self.headers,
            timeout=aiohttp.ClientTimeout(30),
        ) as answer:
            if answer.status == 409:
                raise aiohttp.ClientError(f"the analyser has other events: {await answer.text()}")
            answer.raise_for_status()
            seq = int(orjson.loads(await answer.read())["seq"])
        await asyncio.to_thread(self.outbox.confirm, seq)
        return len(lines) == BATCH
