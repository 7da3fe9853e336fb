"""A process that stands for the proxy: real Recording, Outbox and Sending under a known stream of requests.

Every request is written to a journal before it is handed over: number, steady clock, and the clock it is judged by. The
number is the request's size and its user's name, so that each can be found again in the outbox and in the store.
Commands come on stdin: `jump SECONDS` sets the clock, `quiet` ends the traffic. SIGTERM stops as the proxy stops.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import aiohttp
from mitmproxy import http

from lunchbell.settings import load
from lunchbell.settings.keys import keys_in
from lunchbell_proxy import outbox as outbox_module
from lunchbell_proxy import recording as recording_module
from lunchbell_proxy import sending as sending_module
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.outbox import Outbox
from lunchbell_proxy.recording import Recording
from lunchbell_proxy.sending import Sending

STEP = 0.004


class ShiftedTime(SimpleNamespace):
    """Stands for the module `time` where the code under test looks at the clock."""

    shift = 0.0
    monotonic = staticmethod(time.monotonic)

    def time(self) -> float:
        """The machine's clock as it was set."""
        return time.time() + self.shift

    def time_ns(self) -> int:
        """The same in nanoseconds."""
        return time.time_ns() + int(self.shift * 1e9)


async def drive(options: dict[str, object]) -> None:
    """Run until SIGTERM."""
    clock = ShiftedTime()
    clock.shift = float(str(options["shift"]))
    recording_module.time = sending_module.time = clock  # type: ignore[assignment,attr-defined]
    # Faults here last seconds, not hours: so do the waits.
    sending_module.LONGEST_PAUSE = 0.4
    sending_module.TIMEOUT = aiohttp.ClientTimeout(total=2)
    recording_module.RETRY = 0.2
    outbox_module.RESERVE = 1536 * 1024
    recording_module.MOST_WAITING = int(str(options["most_waiting"]))

    settings = load(Path(str(options["config"])), today=datetime.now(UTC).date())
    outbox = Outbox(settings.beside(settings.file.proxy.outbox))
    sending = Sending(outbox, str(options["analyser"]), str(options["token"]))
    keys = keys_in(settings.beside(settings.file.analyser.keys), settings.calendar, settings.zone)
    recording = sending.recording = Recording(Judging(keys, Clock()), outbox, lambda: sending.paused)
    group = settings.groups["staffroom"]
    facebook, x = settings.catalogue.services["facebook"], settings.catalogue.services["x"]
    request = http.Request.make(
        "GET",
        "https://www.facebook.com/",
    )
    request.headers["sec-fetch-dest"] = "document"
    edit = http.Request.make("POST", "https://www.facebook.com/api/graphql/")
    edit.headers["x-fb-friendly-name"] = "ComposerStoryCreateMutation"
    journal = os.open(str(options["journal"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    state = {"quiet": bool(options["quiet"])}

    def command() -> None:
        word, _, value = sys.stdin.readline().strip().partition(" ")
        if word == "jump":
            clock.shift += float(value)
        elif word == "quiet":
            state["quiet"] = True
        else:
            loop.remove_reader(sys.stdin)

    loop.add_reader(sys.stdin, command)
    number, rate = int(str(options["first"])), float(str(options["rate"]))
    chance = random.Random(number)

    def hand_over(number: int) -> None:
        at = clock.time()
        kind = chance.random()
        seen: Seen | Contact
        if kind < 0.1:
            seen = Contact(settings, x, group, at)
        else:
            seen = Seen(settings, facebook, group, "www.facebook.com", edit if kind < 0.4 else request)
            seen.at, seen.size, seen.status = at, number, 200
            seen.answer = ((b"content-type", b"text/html"),)
        seen.user = f"u{number}"
        os.write(journal, f"{number} {time.monotonic():.6f} {round(at * 1000)}\n".encode())
        recording.put(seen)

    await sending.running()
    print("ready", flush=True)
    due, then = 0.0, time.monotonic()
    while not ended.is_set():
        await asyncio.sleep(STEP)
        now = time.monotonic()
        due += 0 if state["quiet"] else min(now - then, 0.1) * rate
        then = now
        while due >= 1:
            due -= 1
            hand_over(number)
            number += 1
    await sending.done()


if __name__ == "__main__":
    asyncio.run(drive(json.loads(sys.argv[1])))
