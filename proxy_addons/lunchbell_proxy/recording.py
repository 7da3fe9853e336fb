"""A thread of its own turns what was noticed into lines on disk, twenty times a second; no page ever waits for it.

It also knows when nothing could be recorded, and puts that on record: a proxy that was not running, a pause, a full
disk, a clock that jumped, a mistake of ours.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from lunchbell.events import Event, Gap, GapReason
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.outbox import Outbox

logger = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds from one commit to the next: with the commit itself, what a crash can lose."""
SHORTEST = 0.005
"""Seconds that the proxy's own thread has at least, between two commits."""
AT_ONCE = 1_000
"""Lines in a transaction, so that a full disk is noticed early and the sender is never kept waiting long."""
RETRY = 1.0
"""Seconds until a commit that failed is tried again."""
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
        self._refused = self._refusals_told = 0
        self._lines: list[Event | Gap] = []
        self._lost: dict[GapReason, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._committed = self._failed = float("-inf")
        self._looked = (time.time(), time.monotonic())
        self._looked_back = False
        self._paused_since = 0
        self._through = self.now()
        self._turn()  # from the first moment on, a crash is seen in the file
        self._thread = threading.Thread(target=self._commit_until_stopped, name="recording", daemon=True)
        self._thread.start()

    def put(self, seen: Seen | Contact) -> None:
        """Take what was noticed; it is on disk within `INTERVAL`."""
        if not self.paused:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(seen)
            else:
                self._refused += 1

    def stop(self) -> None:
        """End the thread and commit what is waiting."""
        self._stop.set()
        self._thread.join()
        with self._lock:
            now = self.now()
            if self.paused:
                self._lines.append(_gap(self._paused_since, now, "paused"))
            self._judge()
            self._commit(now, stopping=True)

    def now(self) -> int:
        """The instant to judge by, in milliseconds UTC."""
        return self.judging.clock.ms(time.time())

    def _commit_until_stopped(self) -> None:
        pause = INTERVAL
        while not self._stop.wait(pause):
            began = time.monotonic()
            with self._lock:
                self._turn()
            pause = max(SHORTEST, INTERVAL - (time.monotonic() - began))

    def _turn(self) -> None:
        """Look around, judge, commit; whatever goes wrong, the thread goes on."""
        try:
            self._look_at_clock()
            now = self.now()  # before what waits is judged: what comes after that is not in this commit
            self._look_back(now)
            self._look_at_switch(now)
            self._judge()
            due = self._lines or self._lost or time.monotonic() - self._committed > ALIVE
            if due and time.monotonic() - self._failed > RETRY:
                self._commit(now)
        except Exception as error:
            self.failures += 1
            self._failed = time.monotonic()
            logger.error("nothing was recorded for a moment, because of a mistake in Lunchbell", exc_info=error)

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
        if refused := self._refused - self._refusals_told:
            self._refusals_told += refused
            self._lose("full", refused)

    def _commit(self, now: int, *, stopping: bool = False) -> None:
        """Put on disk what is judged, and reports of what was lost. Without room, events are lost, but no report is."""
        reports = {reason: _gap(start, now, reason, count) for reason, (start, count) in self._lost.items()}
        lines = [*self._lines, *reports.values()]
        through = self._paused_since if self.paused and not stopping else now
        done, full = 0, False
        try:
            while not full:
                some = lines[done : done + AT_ONCE]
                last = done + len(some) == len(lines)
                taken = self.outbox.commit(some, through if last else self._through, stopping=stopping and last)
                done += taken
                full = taken < len(some)
                if last and not full:
                    self._through = through
                    break
        except sqlite3.Error as error:
            self._failed = time.monotonic()
            logger.error("the outbox cannot be written, events wait in memory: %s", error)
        else:
            self._committed = time.monotonic()
        self.recorded += done
        for reason in list(reports)[: max(0, done - len(self._lines))]:
            del self._lost[reason]
        self._lines = self._lines[done:]
        if full and (dropped := sum(isinstance(line, Event) for line in self._lines)):
            self._lines = [line for line in self._lines if isinstance(line, Gap)]
            self._lose("full", dropped)

    def _lose(self, reason: GapReason, count: int) -> None:
        self.lost += count
        start, before = self._lost.get(reason, (self.now(), 0))
        self._lost[reason] = start, before + count

    def _look_back(self, now: int) -> None:
        """Between the last sign of the proxy before this one and now, nothing was recorded; nor is what was damaged."""
        if not self._looked_back:
            with suppress(sqlite3.Error):
                if last := self.outbox.last_alive():
                    self._lines.append(_gap(last[0], now, "stopped" if last[1] else "crashed"))
                self._looked_back = True
        if damage := self.outbox.damage():
            since = self.judging.clock.ms(damage.at)
            self._lines.append(_gap(since, now, "crashed", damage.lines))
            self.lost += damage.lines
            logger.error("the outbox was damaged and set aside; %d lines are lost", damage.lines)

    def _look_at_clock(self) -> None:
        wall, steady = time.time(), time.monotonic()
        before, steady_before = self._looked
        if abs((wall - before) - (steady - steady_before)) > JUMP:
            self._lines.append(_gap(self.judging.clock.ms(before), self.judging.clock.ms(wall), "clock"))
            logger.warning("the clock jumped by %.0f seconds", (wall - before) - (steady - steady_before))
        self._looked = wall, steady

    def _look_at_switch(self, now: int) -> None:
        try:
            paused = self._is_paused()
        except OSError:  # it cannot be read: it stays as it was
            paused = self.paused
        if paused and not self.paused:
            self._judge()
            self._paused_since = now
            logger.warning("monitoring is paused")
        elif self.paused and not paused:
            self._lines.append(_gap(self._paused_since, now, "paused"))
            logger.warning("monitoring goes on")
        self.paused = paused


def _gap(start: int, end: int, reason: GapReason, lost: int = 0) -> Gap:
    """The clock may have been set back between."""
    return Gap(1, max(0, min(start, end)), max(0, start, end), reason, lost)
