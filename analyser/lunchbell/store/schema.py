"""The tables, as migrations from the first version on. Never change one that has shipped: add the next."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

migrate = Migrations("lunchbell")


class StoreError(Exception):
    """The database cannot be used; the message says why and what to do."""


_FIRST_TABLES = (
    """
    CREATE TABLE usage (
        minute INTEGER NOT NULL,        -- minutes since 1970, UTC
        source TEXT NOT NULL,           -- proxy, extension, log
        "group" TEXT NOT NULL,
        subject TEXT NOT NULL,          -- pseudonym, or empty: then figures are by group only
        service TEXT NOT NULL,
        activity TEXT NOT NULL,
        period TEXT NOT NULL,
        network TEXT NOT NULL,
        outcome TEXT NOT NULL,
        rule TEXT NOT NULL,
        policy TEXT NOT NULL,
        requests INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (minute, source, "group", subject, service, activity, period, network, outcome, rule, policy)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE published (
        feed TEXT NOT NULL,
        epoch TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,            -- milliseconds since 1970, UTC
        source TEXT NOT NULL,
        "group" TEXT NOT NULL,
        subject TEXT NOT NULL,
        service TEXT NOT NULL,
        activity TEXT NOT NULL,
        period TEXT NOT NULL,
        network TEXT NOT NULL,
        outcome TEXT NOT NULL,
        rule TEXT NOT NULL,
        clause TEXT NOT NULL,
        policy TEXT NOT NULL,
        PRIMARY KEY (feed, epoch, seq)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE INDEX published_at ON published (at)
    """,
    """
    CREATE TABLE feeds (
        feed TEXT NOT NULL,
        epoch TEXT NOT NULL,
        seq INTEGER NOT NULL,           -- the last event that is in the store
        heard INTEGER NOT NULL,         -- when, milliseconds since 1970, UTC
        PRIMARY KEY (feed, epoch)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE rejected (
        feed TEXT NOT NULL,
        epoch TEXT NOT NULL,
        seq INTEGER NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (feed, epoch, seq)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE imports (
        prefix TEXT PRIMARY KEY,        -- hash of the first bytes, decompressed: the same file has the same
        prefix_bytes INTEGER NOT NULL,
        offset INTEGER NOT NULL,        -- how far it is in the store, decompressed bytes
        lines INTEGER NOT NULL,
        first INTEGER,                  -- milliseconds since 1970, UTC, of its earliest and latest social event
        last INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tokens (
        hash TEXT PRIMARY KEY,          -- SHA-256: a token is 256 random bits, so no slow hash is needed
        name TEXT NOT NULL UNIQUE,
        purpose TEXT NOT NULL,          -- feed, extension
        created INTEGER NOT NULL,
        revoked INTEGER
    ) STRICT, WITHOUT ROWID
    """,
)


@migrate()
def m001_first_tables(db: Database) -> None:
    """Minute roll-ups, published events, feeds, rejected events, imports and tokens."""
    for statement in _FIRST_TABLES:
        db.conn.execute(statement)


@migrate()
def m002_gaps(db: Database) -> None:
    """What feeds report not to know about."""
    db.conn.execute(
        """
        CREATE TABLE gaps (
            feed TEXT NOT NULL,
            epoch TEXT NOT NULL,
            seq INTEGER NOT NULL,
            start INTEGER NOT NULL,         -- milliseconds since 1970, UTC
            until INTEGER NOT NULL,
            reason TEXT NOT NULL,           -- events.GapReason
            lost INTEGER NOT NULL,          -- events known to be missing
            PRIMARY KEY (feed, epoch, seq)
        ) STRICT, WITHOUT ROWID
        """
    )


@migrate()
def m003_heard(db: Database) -> None:
    """When each feed was last heard, even if it had nothing to tell."""
    db.conn.execute("CREATE TABLE heard (feed TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID")


def open_store(path: Path | str) -> Database:
    """The store at `path`, made and migrated as needed; what is committed survives a power cut.

    StoreError if it cannot be opened, or is something else.
    """
    try:
        db = Database(str(path) if path == ":memory:" else Path(path))
        db.conn.execute("PRAGMA busy_timeout = 5000")
        db.conn.execute("PRAGMA journal_mode = WAL")
        db.conn.execute("PRAGMA synchronous = FULL")
        migrate.apply(db)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be used as Lunchbell's database ({error})") from None
    return db
