"""Events on the proxy's own disk until the analyser has them: one writer, an epoch, contiguous numbers, bounded.

A dead or slow analyser only lets the file grow; at `LIMIT` events new ones are dropped and counted.
"""

import secrets
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lunchbell.events import Event

LIMIT = 2_000_000
"""About 600 MB, some weeks of a busy school."""

_ENCODER = msgspec.json.Encoder()


class Outbox:
    """One file; calls from several threads wait for one another. `epoch` is new with every new file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self.dropped = 0
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
        self._waiting: int = self._db.execute("SELECT count(*) FROM events").fetchone()[0]

    def commit(self, events: Sequence[Event]) -> None:
        """Number events and put them on disk; sqlite3.Error, and nothing changed, if the disk does not take them."""
        with self._lock:
            taken = events[: max(0, LIMIT - self._waiting)]
            rows = []
            for seq, event in enumerate(taken, self._seq + 1):
                event.seq = seq
                rows.append((seq, _ENCODER.encode(event)))
            with self._db:
                self._db.execute("BEGIN")
                self._db.executemany("INSERT INTO events VALUES (?, ?)", rows)
            self._seq += len(rows)
            self._waiting += len(rows)
            self.dropped += len(events) - len(taken)

    def batch(self, size: int) -> tuple[int, list[bytes]]:
        """(first number, lines) of the oldest events that the analyser has not confirmed."""
        with self._lock:
            rows = self._db.execute("SELECT seq, line FROM events ORDER BY seq LIMIT ?", (size,)).fetchall()
        return (rows[0][0] if rows else 0), [line for _, line in rows]

    def confirm(self, seq: int) -> None:
        """The analyser has everything up to `seq`."""
        with self._lock:
            self._waiting -= self._db.execute("DELETE FROM events WHERE seq <= ?", (seq,)).rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
