"""Events on the proxy's own disk until the analyser has them: one writer, an epoch, contiguous numbers, bounded.

A dead or slow analyser only lets the file grow; at `LIMIT` events new ones are dropped and counted.
"""

import secrets
import sqlite3
import threading
from collections import deque
from pathlib import Path

import msgspec

from lunchbell.events import Event

LIMIT = 2_000_000
"""About 600 MB, some weeks of a busy school."""
INTERVAL = 0.05
"""Seconds between commits."""

_ENCODER = msgspec.json.Encoder()


class Outbox:
    """`put` from any thread; a thread of its own commits. `epoch` is new with every new file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._waiting: deque[Event] = deque()
        self._stop = threading.Event()
        self.dropped = 0
        with self._lock:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, line BLOB) STRICT")
            self._db.execute("CREATE TABLE IF NOT EXISTS epoch (epoch TEXT) STRICT")
            row = self._db.execute("SELECT epoch FROM epoch").fetchone()
            self.epoch: str = row[0] if row else secrets.token_hex(8)
            if row is None:
                self._db.execute("INSERT INTO epoch VALUES (?)", (self.epoch,))
            last = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
            self._seq: int = last[0] if last else 0
        self._thread = threading.Thread(target=self._commit_until_stopped, name="outbox", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take an event; it is on disk within `INTERVAL`."""
        self._waiting.append(event)

    def flush(self) -> None:
        """Commit what is waiting."""
        with self._lock:
            self._commit()

    def batch(self, size: int) -> tuple[int, list[bytes]]:
        """(first number, lines) of the oldest events that the analyser has not confirmed."""
        with self._lock:
            rows = self._db.execute("SELECT seq, line FROM events ORDER BY seq LIMIT ?", (size,)).fetchall()
        return (rows[0][0] if rows else 0), [line for _, line in rows]

    def confirm(self, seq: int) -> None:
        """The analyser has everything up to `seq`."""
        with self._lock:
            self._db.execute("DELETE FROM events WHERE seq <= ?", (seq,))

    def close(self) -> None:
        """Commit what is waiting and close the file."""
        self._stop.set()
        self._thread.join()
        self.flush()
        self._db.close()

    def _commit_until_stopped(self) -> None:
        while not self._stop.wait(INTERVAL):
            if self._waiting:
                self.flush()

    def _commit(self) -> None:
        events = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not events:
            return
        room = LIMIT - self._db.execute("SELECT count(*) FROM events").fetchone()[0]
        if len(events) > room:
            self.dropped += len(events) - room
            del events[room:]
        rows = []
        for seq, event in enumerate(events, self._seq + 1):
            event.seq = seq
            rows.append((seq, _ENCODER.encode(event)))
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO events VALUES (?, ?)", rows)
        self._db.execute("COMMIT")
        self._seq += len(rows)
