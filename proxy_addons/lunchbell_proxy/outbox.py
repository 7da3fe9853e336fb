"""Events on the proxy's own disk until the analyser has them: one writer, bounded, numbered without holes.

Every opening of the file starts a new epoch, so that a file restored from a backup can never give a number twice.
Within an epoch numbers run 1, 2, 3, ...; a gap report is a line like any other and takes a number too. What the file
does not take because it is full (`LIMIT` lines) is counted and reported as a gap, never dropped silently.

A full disk, or a damaged file, is never a reason not to start: the file is opened as soon as that is possible.
"""

import secrets
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import msgspec

from lunchbell.events import Event, Gap

LIMIT = 2_000_000
"""About 700 MB, some weeks of a busy school."""
RESERVE = 4 * 1024 * 1024
"""Bytes kept aside on the disk: what the analyser has can be removed only by writing, even when the disk is full.

More than the WAL, what of it is new to the file, and a batch that is removed. While the reserve is used up, no line is
taken: else lines would fill it, and nothing could ever be removed again.
"""
REMEMBERED = 2_000
"""Hours of sending of which it is remembered how far the analyser had what, to tell what it lost if it is set back."""
EPOCHS = 100
"""Past epochs that are looked at for that."""
HOUR = 3_600_000

_ENCODER = msgspec.json.Encoder()
_OPENING = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # it counts for a new file only, and before all else
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 100",  # a short WAL: each checkpoint is brief, and little of a full disk is the WAL's
    """CREATE TABLE IF NOT EXISTS lines (
        id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL, last INTEGER NOT NULL, at INTEGER NOT NULL,
        line BLOB NOT NULL
    ) STRICT""",
    # A row an hour, and one of hour 0 for how an epoch began: what the analyser has up to `seq` is of before `at`.
    """CREATE TABLE IF NOT EXISTS sent (
        id INTEGER PRIMARY KEY, epoch TEXT NOT NULL, hour INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
        UNIQUE (epoch, hour)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS alive (
        only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER NOT NULL, stopped INTEGER NOT NULL
    ) STRICT""",
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Batch(NamedTuple):
    """Lines of one epoch that stand for the numbers `first..last`: one each, but for a gap of the store."""

    epoch: str
    first: int
    last: int
    lines: list[bytes]


class Damage(NamedTuple):
    """A file that was set aside: when it was written last (seconds since 1970), and how many lines waited in it."""

    at: float
    lines: int


class Outbox:
    """One file; calls from several threads wait for one another."""

    def __init__(self, path: Path) -> None:
        self.waiting = 0
        self.limit = LIMIT
        self._path = path
        self._reserve = path.with_name(path.name + "-reserve")
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None
        self._damage: Damage | None = None
        self._epoch, self._seq, self._until = "", 0, 0
        with suppress(sqlite3.Error), self._file():
            pass

    def last_alive(self) -> tuple[int, bool] | None:
        """(milliseconds, whether it was stopped in order) of the proxy that wrote the file last; None if it is new."""
        with self._file() as db:
            row = db.execute("SELECT at, stopped FROM alive").fetchone()
        return (row[0], bool(row[1])) if row else None

    def damage(self) -> Damage | None:
        """What was set aside since this was asked last."""
        with self._lock:
            damage, self._damage = self._damage, None
        return damage

    def commit(self, lines: Sequence[Event | Gap], through: int, *, stopping: bool = False) -> int:
        """Number lines and put them on disk; how many it took. sqlite3.Error, and nothing has changed.

        If it took all of them, then all before `through` (milliseconds) is on record: what a crash leaves begins there.
        """
        try:
            return self._commit(lines, through, stopping)
        except sqlite3.Error:
            self._shrink()  # room for the next try
            raise

    def batch(self, size: int) -> Batch | None:
        """The oldest lines that the analyser has not confirmed, all of one epoch; None if there are none."""
        with self._file() as db:
            rows = db.execute("SELECT epoch, seq, last, line, id FROM lines ORDER BY id LIMIT ?", (size,)).fetchall()
            if not rows:
                return None
            epoch = rows[0][0]
            rows = list(takewhile(lambda row: row[0] == epoch, rows))
            self._until = rows[-1][4]
        return Batch(epoch, rows[0][1], rows[-1][2], [row[3] for row in rows])

    def confirm(self, epoch: str, seq: int) -> int:
        """The analyser has the last batch, or this epoch of it, up to `seq`; how many lines that was."""
        return self._with_reserve(lambda: self._confirm(epoch, seq))

    def sent(self) -> list[tuple[str, int]]:
        """How far the analyser confirmed each epoch, the latest last."""
        with self._file() as db:
            rows = db.execute(
                "SELECT epoch, max(seq) FROM sent GROUP BY epoch HAVING max(seq) > 0 ORDER BY max(id) DESC LIMIT ?",
                (EPOCHS,),
            )
            return rows.fetchall()[::-1]

    def fill(self, epoch: str, has: int, now: int) -> int:
        """The analyser's store was set back, to `has` in this epoch: the numbers that are lost go into one gap.

        How many they are. The gap takes their numbers, so that whatever of them may still arrive is counted once. It
        covers the time of what is lost, to the hour before; `now` stands for what is not known.
        """
        return self._with_reserve(lambda: self._fill(epoch, has, now))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db:
                self._db.close()

    def _fill(self, epoch: str, has: int, now: int) -> int:
        with self._file() as db:
            waiting = db.execute("SELECT seq FROM lines WHERE epoch = ? ORDER BY id LIMIT 1", (epoch,)).fetchone()
            sent, until = db.execute("SELECT max(seq), max(at) FROM sent WHERE epoch = ?", (epoch,)).fetchone()
            since = db.execute(
                "SELECT at FROM sent WHERE epoch = ? AND seq <= ? ORDER BY seq DESC LIMIT 1", (epoch, has)
            ).fetchone() or (now,)
            last = waiting[0] - 1 if waiting else sent or 0
            if last <= has:
                return 0
            until = now if until is None else until
            gap = Gap(1, min(*since, until), max(*since, until), "store", last - has, has + 1)
            db.execute(
                "INSERT INTO lines VALUES ((SELECT min(id) - 1 FROM lines), ?, ?, ?, ?, ?)",
                (epoch, has + 1, last, until, _ENCODER.encode(gap)),
            )
            self.waiting += 1
            return last - has

    def _commit(self, lines: Sequence[Event | Gap], through: int, stopping: bool) -> int:
        with self._file() as db:
            self._set_reserve()
            taken = lines[: max(0, self.limit - self.waiting)]
            rows = []
            for seq, line in enumerate(taken, self._seq + 1):
                line.seq = seq
                rows.append((self._epoch, seq, seq, through, _ENCODER.encode(line)))
            db.execute("BEGIN IMMEDIATE")
            if rows and self._seq == 0:
                began = db.execute("SELECT at FROM alive").fetchone() or (through,)
                db.execute("INSERT INTO sent (epoch, hour, seq, at) VALUES (?, 0, 0, ?)", (self._epoch, *began))
            db.executemany("INSERT INTO lines (epoch, seq, last, at, line) VALUES (?, ?, ?, ?, ?)", rows)
            if len(rows) == len(lines):
                db.execute("INSERT OR REPLACE INTO alive VALUES (1, ?, ?)", (through, int(stopping)))
            db.execute("COMMIT")
            self._seq += len(rows)
            self.waiting += len(rows)
            return len(rows)

    @contextmanager
    def _file(self) -> Iterator[sqlite3.Connection]:
        """The file, for one thread; what fails is rolled back, and a damaged file is set aside."""
        with self._lock:
            try:
                if self._db is None:
                    self._db = self._open()
                yield self._db
            except sqlite3.Error as error:
                with suppress(sqlite3.Error):
                    if self._db and self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
                    self._set_aside()
                raise

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        try:
            for statement in _OPENING:
                db.execute(statement)
            self.waiting = db.execute("SELECT count(*) FROM lines").fetchone()[0]
            db.execute("DELETE FROM sent WHERE id <= (SELECT max(id) FROM sent) - ?", (REMEMBERED,))
        except sqlite3.Error:
            db.close()
            self._release()
            raise
        self._epoch, self._seq = secrets.token_hex(8), 0
        return db

    def _confirm(self, epoch: str, seq: int) -> int:
        with self._file() as db:
            db.execute("PRAGMA synchronous = NORMAL")  # what is forgotten in a power cut is sent, and confirmed, again
            try:
                db.execute("BEGIN IMMEDIATE")
                times = db.execute(
                    "DELETE FROM lines WHERE id <= ? AND epoch = ? AND last <= ? RETURNING at",
                    (self._until, epoch, seq),
                ).fetchall()
                if times:
                    at = max(times)[0]
                    db.execute(
                        "INSERT INTO sent (epoch, hour, seq, at) VALUES (?, ?, ?, ?) ON CONFLICT (epoch, hour) "
                        "DO UPDATE SET seq = max(seq, excluded.seq), at = max(at, excluded.at)",
                        (epoch, max(1, at // HOUR), seq, at),
                    )
                db.execute("COMMIT")
                done = len(times)
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                db.execute("PRAGMA synchronous = FULL")
            self.waiting -= done
            return done

    def _set_aside(self) -> None:
        """Keep a damaged file as `<name>-damaged`, so that a new one can begin."""
        if self._db:
            self._db.close()
        self._db = None
        with suppress(OSError):
            written = max(path.stat().st_mtime for path in (self._path, self._beside("-wal")) if path.exists())
            self._beside("-wal").unlink(missing_ok=True)
            self._beside("-shm").unlink(missing_ok=True)
            self._path.replace(self._beside("-damaged"))
            self._damage = Damage(written, self.waiting)
            self.waiting = 0

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _with_reserve(self, work: Callable[[], int]) -> int:
        """Do what makes room, or tells of a loss: if need be, with the reserve, before others can take it."""
        with self._lock:
            try:
                return work()
            except sqlite3.Error:
                if not self._release():
                    raise
                return work()

    def _set_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            if shutil.disk_usage(self._path.parent).free <= RESERVE:  # it would take from others what they still have
                raise OSError
            self._reserve.write_bytes(bytes(RESERVE))
        except OSError:
            self._release()
            raise sqlite3.OperationalError("there is no room for the outbox's reserve") from None

    def _shrink(self) -> None:
        """Give back to the disk what removed lines have left."""
        with suppress(sqlite3.Error), self._file() as db:
            # As a script: `execute` would end after one page.
            db.executescript(
                "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)"
            )

    def _release(self) -> bool:
        """Free the reserve; whether there was one."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True
