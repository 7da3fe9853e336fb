"""Where each feed stands. A feed is a token's name and its outbox's epoch; `seq` is contiguous within an epoch."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlite_utils import Database

from lunchbell.events import Event, Gap
from lunchbell.store.usage import UsageRoll, add_published


class Range(NamedTuple):
    """The lines `first..last` of a feed: events and gap reports, and (number, reason) of lines that cannot be read."""

    feed: str
    epoch: str
    first: int
    last: int
    events: Sequence[Event]
    gaps: Sequence[Gap]
    rejected: Sequence[tuple[int, str]]


def accept(db: Database, ranges: Sequence[Range], heard: int) -> list[int | None]:
    """Put ranges into the store, all in one transaction; what it already has is counted once.

    The answer to each: the last number that the store now has of its feed and epoch; None where the range begins
    later than the number after that, so that lines between are missing and nothing of it was taken.
    """
    answers: list[int | None] = []
    roll = UsageRoll()
    has: dict[tuple[str, str], int] = {}
    with db.atomic():
        for one in ranges:
            feed = one.feed, one.epoch
            if feed not in has:
                has[feed] = last_seq(db, *feed)
            before = has[feed]
            if one.first > before + 1:
                answers.append(None)
                continue
            if one.last > before:
                has[feed] = one.last
                events = one.events if one.first == before + 1 else [e for e in one.events if e.seq > before]
                roll.add(events)
                add_published(db, *feed, events)
                _keep_gaps(db, one, before)
                _keep_rejected(db, one, before)
            answers.append(has[feed])
        roll.write(db)
        db.conn.executemany(
            "INSERT INTO feeds VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET seq = excluded.seq, heard = excluded.heard",
            [(*feed, seq, heard) for feed, seq in has.items()],
        )
    return answers


def last_seq(db: Database, feed: str, epoch: str) -> int:
    """The last line of a feed that is in the store, 0 for a new one."""
    row = db.conn.execute("SELECT seq FROM feeds WHERE feed = ? AND epoch = ?", (feed, epoch)).fetchone()
    return int(row[0]) if row else 0


def keep_heard(db: Database, feed: str, at: int) -> None:
    """Note that a feed was heard (milliseconds UTC), whether or not it had anything to tell."""
    with db.atomic():
        db.conn.execute(
            "INSERT INTO heard VALUES (?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)", (feed, at)
        )


def _keep_gaps(db: Database, one: Range, before: int) -> None:
    gaps = [_rest(gap, before) for gap in one.gaps if gap.last > before]
    db.conn.executemany(
        "INSERT OR IGNORE INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(one.feed, one.epoch, g.seq, g.gap, g.until, g.reason, g.lost) for g in gaps],
    )


def _rest(gap: Gap, before: int) -> Gap:
    """What a gap says of the numbers after `before`: of lines that the store has after all, nothing is lost."""
    known = before + 1 - gap.seq
    return msgspec.structs.replace(gap, seq=gap.seq + known, lost=gap.lost - known) if known > 0 else gap


def _keep_rejected(db: Database, one: Range, before: int) -> None:
    db.conn.executemany(
        "INSERT OR IGNORE INTO rejected VALUES (?, ?, ?, ?)",
        [(one.feed, one.epoch, seq, reason) for seq, reason in one.rejected if seq > before],
    )
