"""A thread of its own turns what was noticed into lines on disk, twenty times a second; no page ever waits for it.

It also knows when nothing could be recorded, and puts that on record: a proxy that was not running, a pause, a full disk,
a clock that jumped, a mistake of ours.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable

from lunchbell.events import Event, Gap, GapReason
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.outbox import Outbox

logger = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds between commits: what a crash can lose."""
ALIVE = 5.0
"""Seconds between notes that the proxy runs, while nothing happens."""
MOST_WAITING = 100_000
"""What waits in memory while the disk does not take it; beyond that the newest is dropped, counted and reported."""
JUMP = 5.0
"""Seconds by which the clock may drift from the machine's steady one between two looks before that is reported."""


class Recording:
    """`put` from the proxy's loop; the thread judges and commits. `paused` is asked before each commit."""

    def __init__(self, judging: Judging, outbox: Outbox, paused: Callable[[], bool]) -> None:
        self.judging = judging
        self.outbox = outbox
        self.paused = False
        self.recorded = self.failures = self.lost = 0
        self._is_paused = paused
        self._waiting: deque[Seen | Contact] = deque()
        self._lines: list[Event | Gap] = []
        self._lost: dict[GapReason, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._committed = time.monotonic()
        self._looked = (time.time(), time.monotonic())
        self._paused_since = 0
        self._report_absence()
        self._thread = threading.Thread(target=self._commit_until_stopped, name="recording", daemon=True)
        self._thread.start()

    def put(self, seen: Seen | Contact) -> None:
        """Take what was noticed; it is on disk within `INTERVAL`."""
        if not self.paused:
            self._waiting.append(seen)

    def stop(self) -> None:
        """End the thread and commit what is waiting."""
        self._stop.set()
        self._thread.join()
        with self._lock:
            if self.paused:
                self._gap(self._paused_since, self._now(), "paused")
            self._judge()
            self._commit(stopping=True)

    def _commit_until_stopped(self) -> None:
        while not self._stop.wait(INTERVAL):
            with self._lock:
                self._look_at_clock()
                self._look_at_switch()
                self._judge()
                if self._lines or self._lost or time.monotonic() - self._committed > ALIVE:
                    self._commit()

    def _judge(self) -> None:
        for _ in range(len(self._waiting)):
            seen = self._waiting.popleft()
            if len(self._lines) >= MOST_WAITING:
                self._lose("full", 1)
                continue
            try:
                self._lines.append(self.judging.event(seen))
            except Exception as error:
                self.failures += 1
                self._lose("mistake", 1)
                logger.error("a request was not judged, because of a mistake in Lunchbell: %s", type(error).__name__)

    def _commit(self, *, stopping: bool = False) -> None:
        reports = [Gap(1, start, self._now(), reason, count) for reason, (start, count) in self._lost.items()]
        lines = [*self._lines, *reports]
        try:
            taken = self.outbox.commit(lines, self._now(), stopping=stopping)
        except sqlite3.Error as error:
            logger.error("the outbox cannot be written, events wait in memory: %s", error)
            return
        self.recorded += taken
        self._committed = time.monotonic()
        left = lines[taken:]
        self._lines = []
        if len(left) <= len(reports):
            for gap in reports[: len(reports) - len(left)]:
                del self._lost[gap.reason]
        if dropped := len(left) - min(len(left), len(reports)):
            self._lose("full", dropped)

    def _lose(self, reason: GapReason, count: int) -> None:
        self.lost += count
        start, before = self._lost.get(reason, (self._now(), 0))
        self._lost[reason] = start, before + count

    def _gap(self, start: int, end: int, reason: GapReason) -> None:
        self._lines.append(Gap(1, min(start, end), max(start, end), reason, 0))

    def _report_absence(self) -> None:
        """Between the last sign of the proxy before this one and now, nothing was recorded."""
        last = self.outbox.last_alive()
        if last:
            self._gap(last[0], self._now(), "stopped" if last[1] else "crashed")

    def _look_at_clock(self) -> None:
        wall, steady = time.time(), time.monotonic()
        before, steady_before = self._looked
        if abs((wall - before) - (steady - steady_before)) > JUMP:
            self._gap(self.judging.clock.ms(before), self.judging.clock.ms(wall), "clock")
            logger.warning("the clock jumped by %.0f seconds", (wall - before) - (steady - steady_before))
        self._looked = wall, steady

    def _look_at_switch(self) -> None:
        paused = self._is_paused()
        if paused and not self.paused:
            self._judge()
            self._paused_since = self._now()
            logger.warning("monitoring is paused")
        elif self.paused and not paused:
            self._gap(self._paused_since, self._now(), "paused")
            logger.warning("monitoring goes on")
        self.paused = paused

    def _now(self) -> int:
        return self.judging.clock.ms(time.time())
