"""A thread of its own turns what was noticed into events on disk, twenty times a second; no page ever waits for it."""

import logging
import sqlite3
import threading
from collections import deque

from lunchbell.events import Event
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.outbox import Outbox

logger = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds between commits."""
MOST_WAITING = 100_000
"""What waits in memory while the disk does not take it; beyond that the oldest is dropped and counted."""


class Recording:
    """`put` from the proxy's loop; the thread judges and commits."""

    def __init__(self, judging: Judging, outbox: Outbox) -> None:
        self.judging = judging
        self.outbox = outbox
        self.failures = 0
        self.dropped = 0
        self._waiting: deque[Seen | Contact] = deque()
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._commit_until_stopped, name="recording", daemon=True)
        self._thread.start()

    def put(self, seen: Seen | Contact) -> None:
        """Take what was noticed; it is on disk within `INTERVAL`."""
        self._waiting.append(seen)

    def flush(self) -> None:
        """Judge and commit what is waiting; what the disk does not take now is kept for the next time."""
        with self._lock:
            for _ in range(len(self._waiting)):
                try:
                    self._events.append(self.judging.event(self._waiting.popleft()))
                except Exception:
                    self.failures += 1
                    logger.exception("a request was not judged, because of a mistake in Lunchbell")
            if len(self._events) > MOST_WAITING:
                self.dropped += len(self._events) - MOST_WAITING
                del self._events[:-MOST_WAITING]
            try:
                self.outbox.commit(self._events)
            except sqlite3.Error as error:
                logger.warning("the outbox cannot be written (%s); events wait in memory", error)
            else:
                self._events = []

    def stop(self) -> None:
        """End the thread and commit what is waiting."""
        self._stop.set()
        self._thread.join()
        self.flush()

    def _commit_until_stopped(self) -> None:
        while not self._stop.wait(INTERVAL):
            if self._waiting or self._events:
                self.flush()
