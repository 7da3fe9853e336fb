"""Writes to the roll-up: minutes are added to, published events are kept singly, each feed's place goes with them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlite_utils import Database

from lunchbell.events import Event
from lunchbell.policy.words import Evidence


class UsageKey(NamedTuple):
    """What a minute is counted by; the column order of the table."""

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


Counts = Mapping[UsageKey, tuple[int, int]]
"""Requests and bytes."""

_ADD = f"""
    INSERT INTO usage VALUES ({", ".join("?" * 13)})
    ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, bytes = bytes + excluded.bytes
"""  # noqa: S608 - only question marks are put in


class UsageRoll:
    """Events by minute, in memory until they are written."""

    def __init__(self) -> None:
        self._counts: dict[tuple[object, ...], list[int]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Count events."""
        counts = self._counts
        for e in events:
            # The column order of the table, as in UsageKey, which would take as long to make as all the rest.
            key = (
                e.at // 60_000, e.source, e.group, e.subject, e.service, e.activity, e.period, e.network, e.outcome,
                e.rule, e.policy,
            )  # fmt: skip
            count = counts.get(key)
            if count is None:
                counts[key] = [1, e.bytes]
            else:
                count[0] += 1
                count[1] += e.bytes

    def write(self, db: Database) -> None:
        """Add the counts to the store; the caller's transaction commits them."""
        db.conn.executemany(_ADD, [(*key, *count) for key, count in self._counts.items()])


def add_usage(db: Database, counts: Counts) -> None:
    """Add counts to the roll-up; the caller's transaction commits them."""
    db.conn.executemany(_ADD, [(*key, *value) for key, value in counts.items()])


def add_published(db: Database, feed: str, epoch: str, events: Iterable[Event]) -> None:
    """Keep each published event; the caller's transaction commits them."""
    db.conn.executemany(
        f"INSERT OR IGNORE INTO published VALUES ({', '.join('?' * 15)})",  # noqa: S608 - only question marks
        [
            (feed, epoch, e.seq, e.at, e.source, e.group, e.subject, e.service, e.activity, e.period, e.network,
             e.outcome, e.rule, e.clause, e.policy)
            for e in events
            if e.evidence is Evidence.PUBLISHED
        ],
    )  # fmt: skip
