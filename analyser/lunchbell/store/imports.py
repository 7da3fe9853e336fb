"""Which logs are in the store, by the hash of how they begin: the same file, even re-compressed, changes nothing."""

from collections.abc import Callable
from typing import NamedTuple

from sqlite_utils import Database


class Import(NamedTuple):
    """A log that is in the store up to `offset` (decompressed bytes)."""

    prefix: str
    prefix_bytes: int
    offset: int
    lines: int
    first: int | None
    last: int | None


def find_import(db: Database, hash_of: Callable[[int], tuple[str, int]]) -> Import | None:
    """The import whose beginning a log shares; `hash_of(n)` gives (hash, length) of its first n bytes."""
    for (size,) in db.conn.execute("SELECT DISTINCT prefix_bytes FROM imports ORDER BY prefix_bytes DESC").fetchall():
        prefix, length = hash_of(size)
        if length == size:
            row = db.conn.execute("SELECT * FROM imports WHERE prefix = ?", (prefix,)).fetchone()
            if row:
                return Import(*row)
    return None


def keep_import(db: Database, done: Import) -> None:
    """Note how far a log is in the store; the caller's transaction commits it with the roll-up."""
    db.conn.execute(
        """INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET offset = excluded.offset,
           lines = excluded.lines, first = min(coalesce(first, excluded.first), coalesce(excluded.first, first)),
           last = max(coalesce(last, excluded.last), coalesce(excluded.last, last))""",
        done,
    )
