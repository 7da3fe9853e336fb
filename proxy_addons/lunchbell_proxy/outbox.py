"""Events on the proxy's own disk until the analyser has them: one writer, bounded, numbered without holes.

Every opening of the file starts a new epoch, so that a file restored from a backup can never give a number twice.
Within an epoch numbers run 1, 2, 3, ...; a gap report is a line like any other and takes a number too. What the file
does not take because it is full (`LIMIT` lines) is counted and reported as a gap, never dropped silently.
"""

import secrets
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from lunchbell.events import Event, Gap

LIMIT = 2_000_000
"""About 700 MB, some weeks of a busy school."""

_ENCODER = msgspec.json.Encoder()
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS lines (id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, line BLOB) STRICT;
    CREATE TABLE IF NOT EXISTS alive (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER NOT NULL, stopped INTEGER) STRICT;
"""


class Batch(NamedTuple):
    """Lines of one epoch with the numbers `first`, `first + 1`, ..."""

    epoch: str
    first: int
    lines: list[bytes]


class Outbox:
    """One file; calls from several threads wait for one another."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
        self._epoch = secrets.token_hex(8)
        self._seq = 0
        self.waiting: int = self._db.execute("SELECT count(*) FROM lines").fetchone()[0]
        self.limit = LIMIT

    def last_alive(self) -> tuple[int, bool] | None:
        """(milliseconds, whether it was stopped in order) of the proxy that wrote this file last; None for a new file."""
        row = self._db.execute("SELECT at, stopped FROM alive").fetchone()
        return (row[0], bool(row[1])) if row else None

    def commit(self, lines: Sequence[Event | Gap], now: int, *, stopping: bool = False) -> int:
        """Number lines and put them on disk, with the time; how many it took. sqlite3.Error, and nothing has changed."""
        with self._lock:
            taken = lines[: max(0, self.limit - self.waiting)]
            rows = []
            for seq, line in enumerate(taken, self._seq + 1):
                line.seq = seq
                rows.append((self._epoch, seq, _ENCODER.encode(line)))
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT INTO lines (epoch, seq, line) VALUES (?, ?, ?)", rows)
                self._db.execute("INSERT OR REPLACE INTO alive VALUES (1, ?, ?)", (now, int(stopping)))
                self._db.execute("COMMIT")
            except sqlite3.Error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._seq += len(rows)
            self.waiting += len(rows)
            return len(rows)

    def batch(self, size: int) -> Batch | None:
        """The oldest lines that the analyser has not confirmed, all of one epoch; None if there are none."""
        with self._lock:
            rows = self._db.execute("SELECT epoch, seq, line FROM lines ORDER BY id LIMIT ?", (size,)).fetchall()
        if not rows:
            return None
        epoch, first, _ = rows[0]
        return Batch(epoch, first, [line for e, _, line in rows if e == epoch])

    def confirm(self, epoch: str, seq: int) -> None:
        """The analyser has this epoch up to `seq`."""
        with self._lock:
            self.waiting -= self._db.execute("DELETE FROM lines WHERE epoch = ? AND seq <= ?", (epoch, seq)).rowcount

    def renew(self, epoch: str, lost: Gap) -> None:
        """The analyser's store has lost the beginning of an epoch: what waits of it goes into a new one, after `lost`."""
        with self._lock:
            rows = self._db.execute("SELECT id, line FROM lines WHERE epoch = ? ORDER BY id", (epoch,)).fetchall()
            fresh = secrets.token_hex(8)
            lost.seq = 1
            before = rows[0][0] - 1 if rows else None
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for seq, (row, line) in enumerate(rows, 2):
                    renumbered = _ENCODER.encode({**msgspec.json.decode(line), "seq": seq})
                    self._db.execute("UPDATE lines SET epoch = ?, seq = ?, line = ? WHERE id = ?", (fresh, seq, renumbered, row))
                self._db.execute("INSERT INTO lines VALUES (?, ?, 1, ?)", (before, fresh, _ENCODER.encode(lost)))
                self._db.execute("COMMIT")
            except sqlite3.Error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self.waiting += 1
            if epoch == self._epoch:
                self._epoch, self._seq = fresh, len(rows) + 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
