"""The questions that summaries ask of the store."""

from typing import NamedTuple

from sqlite_utils import Database


class UsageRow(NamedTuple):
    """One minute of one subject (or group) on one service."""

    minute: int
    source: str
    group: str
    subject: str
    service: str
    activity: str
    period: str
    network: str
    outcome: str
    rule: str
    policy: str
    requests: int
    bytes: int


class PublishedRow(NamedTuple):
    """One published event; `at` is milliseconds UTC."""

    at: int
    source: str
    group: str
    subject: str
    service: str
    activity: str
    period: str
    network: str
    outcome: str
    rule: str
    clause: str
    policy: str


def usage_between(db: Database, start: int, end: int) -> list[UsageRow]:
    """The roll-up of `start <= t < end` (milliseconds UTC), in order of time."""
    rows = db.conn.execute(
        "SELECT * FROM usage WHERE minute >= ? AND minute < ? ORDER BY minute", (start // 60_000, end // 60_000)
    )
    return [UsageRow(*row) for row in rows]


def published_between(db: Database, start: int, end: int) -> list[PublishedRow]:
    """What was published in `start <= t < end` (milliseconds UTC), in order of time."""
    rows = db.conn.execute(
        """SELECT at, source, "group", subject, service, activity, period, network, outcome, rule, clause, policy
           FROM published WHERE at >= ? AND at < ? ORDER BY at""",
        (start, end),
    )
    return [PublishedRow(*row) for row in rows]


class GapRow(NamedTuple):
    """A stretch that a feed knows nothing, or not everything, about; instants are milliseconds UTC."""

    feed: str
    start: int
    until: int
    reason: str
    lost: int


def gaps_between(db: Database, start: int, end: int) -> list[GapRow]:
    """What feeds report not to know about that touches `start <= t < end` (milliseconds UTC), cut to it."""
    rows = db.conn.execute(
        """SELECT feed, max(start, :start), min(until, :end), reason, lost FROM gaps
           WHERE until >= :start AND start < :end ORDER BY start""",
        {"start": start, "end": end},
    )
    return [GapRow(*row) for row in rows]


def last_heard(db: Database) -> list[tuple[str, int]]:
    """(feed, milliseconds UTC) of every feed whose token is valid."""
    rows = db.conn.execute(
        """SELECT name, at FROM tokens JOIN heard ON feed = name
           WHERE purpose = 'feed' AND revoked IS NULL ORDER BY name"""
    )
    return [(str(feed), int(at)) for feed, at in rows]


def rejected_count(db: Database) -> int:
    """How many events the store could not read, of all feeds."""
    return int(db.conn.execute("SELECT count(*) FROM rejected").fetchone()[0])
