"""Real requests through the real proxy over TLS: each by a user of its own, for a page of a size of its own."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import aiohttp


class Answered(NamedTuple):
    """When a request was answered: the steady clock, and the real one."""

    steady: float
    real: float


class Failed(NamedTuple):
    """A request that was not answered: from when to when, by the steady clock."""

    start: float
    end: float
    why: str


class Browsers:
    """Asks all the time, a few at once, in a thread of its own."""

    def __init__(self, proxy: str, authority: Path, passwords: dict[str, str], at_once: int = 6) -> None:
        self.answered: dict[int, Answered] = {}
        self.failed: list[Failed] = []
        self._proxy, self._authority, self._passwords, self._at_once = proxy, authority, passwords, at_once
        self._quiet = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask_all()), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """No more requests; returns when the last is answered."""
        self._quiet.set()
        self._thread.join()

    async def _ask_all(self) -> None:
        context = ssl.create_default_context(cafile=str(self._authority))
        numbers = iter(range(1, len(self._passwords) + 1))
        await asyncio.gather(*(self._ask_one_by_one(numbers, context) for _ in range(self._at_once)))

    async def _ask_one_by_one(self, numbers: Iterator[int], context: ssl.SSLContext) -> None:
        for number in numbers:
            if self._quiet.is_set():
                return
            start = time.monotonic()
            try:
                await self._ask(number, context)
                self.answered[number] = Answered(time.monotonic(), time.time())
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                self.failed.append(Failed(start, time.monotonic(), type(error).__name__))
                await asyncio.sleep(0.1)

    async def _ask(self, number: int, context: ssl.SSLContext) -> None:
        user = f"u{number}"
        connector = aiohttp.TCPConnector(local_addr=("127.40.1.7", 0), ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(10)) as session,
            session.get(
                f"https://www.facebook.com/?size={number}",
                headers={"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"},
                proxy=self._proxy,
                proxy_auth=aiohttp.BasicAuth(user, self._passwords[user]),
            ) as answer,
        ):
            answer.raise_for_status()
            if len(await answer.read()) != number:
                raise aiohttp.ClientError("not the page that was asked for")
