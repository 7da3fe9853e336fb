"""Where each feed stands. A feed is a token's name and its outbox's epoch; `seq` is contiguous within an epoch."""

from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from lunchbell.events import Event
from lunchbell.store.usage import add_published, add_usage, rolled_up


class FeedGapError(Exception):
    """A batch begins after what the store has, so events between are missing; `seq` is the last the store has."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"the store has this feed up to {seq}")
        self.seq = seq


def last_seq(db: Database, feed: str, epoch: str) -> int:
    """The last event of a feed that is in the store, 0 for a new one."""
    row = db.conn.execute("SELECT seq FROM feeds WHERE feed = ? AND epoch = ?", (feed, epoch)).fetchone()
    return int(row[0]) if row else 0


def accept(
    db: Database, feed: str, epoch: str, first: int, last: int, events: Sequence[Event],
    rejected: Iterable[tuple[int, str]], heard: int,
) -> int:  # fmt: skip
    """Put the range `first..last` of a feed into the store, in one transaction; what it already has is counted once.

    Returns the last `seq` the store now has. FeedGapError if the range begins too late.
    """
    with db.atomic():
        has = last_seq(db, feed, epoch)
        if first > has + 1:
            raise FeedGapError(has)
        if last <= has:
            return has
        new = [event for event in events if event.seq > has]
        add_usage(db, rolled_up(new))
        add_published(db, feed, epoch, new)
        db.conn.executemany(
            "INSERT OR IGNORE INTO rejected VALUES (?, ?, ?, ?)",
            [(feed, epoch, seq, reason) for seq, reason in rejected if seq > has],
        )
        db.conn.execute(
            "INSERT INTO feeds VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET seq = excluded.seq, heard = excluded.heard",
            (feed, epoch, last, heard),
        )
    return last
