"""What is written to the roll-up, and what is asked of it."""

import pytest
from sqlite_utils import Database

from lunchbell.events import Event
from lunchbell.policy.words import Activity, Evidence, Kind, Network, Outcome, Period
from lunchbell.store.questions import PublishedRow, published_between, rejected_count, usage_between
from lunchbell.store.schema import open_store
from lunchbell.store.usage import UsageKey, add_published, add_usage

MINUTE = 60_000
KEY = UsageKey(
    29_913_860, "proxy", "staffroom", "k7c2", "x", "post", "lunch", "school", "permitted", "lunch-and-after-hours",
    "waterville-2022@9f3c",
)  # fmt: skip


@pytest.fixture
def db() -> Database:
    """An empty store."""
    return open_store(":memory:")


def event(seq: int, at: int, activity: Activity = Activity.POST, evidence: Evidence = Evidence.PUBLISHED) -> Event:
    """A use of X at lunch."""
    return Event(
        1, at, seq, "staffroom", "k7c2", "x", Kind.MICROBLOG, activity, evidence, Period.LUNCH, Network.SCHOOL,
        Outcome.PERMITTED, "lunch-and-after-hours", "401-3", "waterville-2022@9f3c", 1812, "proxy",
    )  # fmt: skip


def test_a_minute_adds_up(db: Database) -> None:
    """The same minute of the same subject again is one row with the sum of both."""
    for counts in ((2, 100), (3, 4)):
        with db.atomic():
            add_usage(db, {KEY: counts})
    (row,) = usage_between(db, 0, 2**50)
    assert (row[:11], row.requests, row.bytes) == (KEY, 5, 104)


@pytest.mark.parametrize("column", UsageKey._fields)
def test_whatever_differs_is_counted_apart(db: Database, column: str) -> None:
    """In each column by which a minute is counted."""
    other = KEY._replace(**{column: KEY.minute + 1 if column == "minute" else "other"})
    with db.atomic():
        add_usage(db, {KEY: (1, 10), other: (2, 20)})
    assert sorted((row[:11], row.requests, row.bytes) for row in usage_between(db, 0, 2**50)) == sorted(
        [(KEY, 1, 10), (other, 2, 20)]
    )


def test_a_transaction_that_ends_badly_counts_nothing(db: Database) -> None:
    """The caller's transaction decides."""

    def write() -> None:
        with db.atomic():
            add_usage(db, {KEY: (1, 10)})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert usage_between(db, 0, 2**50) == []


def test_usage_is_asked_for_by_half_open_time(db: Database) -> None:
    """The first minute is in, the last is not; in order of time."""
    minutes = [KEY.minute + n for n in (3, 0, 2, 1)]
    with db.atomic():
        add_usage(db, {KEY._replace(minute=minute): (1, 1) for minute in minutes})
    found = usage_between(db, (KEY.minute + 1) * MINUTE, (KEY.minute + 3) * MINUTE)
    assert [row.minute - KEY.minute for row in found] == [1, 2]


def test_only_what_was_published_is_kept_singly(db: Database) -> None:
    """An opening is in the roll-up alone."""
    at = KEY.minute * MINUTE
    with db.atomic():
        add_published(db, "gate", "e1", [event(1, at), event(2, at + 5, Activity.OPEN, Evidence.OPENED)])
    assert published_between(db, 0, 2**50) == [
        PublishedRow(
            at, "proxy", "staffroom", "k7c2", "x", "post", "lunch", "school", "permitted", "lunch-and-after-hours",
            "401-3", "waterville-2022@9f3c",
        )
    ]  # fmt: skip


def test_a_published_event_is_kept_once(db: Database) -> None:
    """The same number of the same feed and epoch is the same event; of another, it is another."""
    with db.atomic():
        for feed, epoch in (("gate", "e1"), ("gate", "e1"), ("gate", "e2"), ("hall", "e1")):
            add_published(db, feed, epoch, [event(7, 1000)])
    assert len(published_between(db, 0, 2**50)) == 3


def test_published_events_are_asked_for_by_half_open_time(db: Database) -> None:
    """To the millisecond, in order of time."""
    with db.atomic():
        add_published(db, "gate", "e1", [event(n, at) for n, at in enumerate((30, 10, 20, 40), 1)])
    assert [row.at for row in published_between(db, 10, 40)] == [10, 20, 30]


def test_rejected_events_are_counted_over_all_feeds(db: Database) -> None:
    """The summary says how many there were."""
    assert rejected_count(db) == 0
    with db.atomic():
        db.conn.execute("INSERT INTO rejected VALUES ('gate', 'e1', 1, 'no JSON'), ('hall', 'e1', 1, 'no JSON')")
    assert rejected_count(db) == 2
