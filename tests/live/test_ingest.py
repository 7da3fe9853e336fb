"""Ingest: each number of a feed counts once, whatever arrives in whatever order; batches are committed together."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.live.lines import batch, event, gap

from lunchbell.events import Event, Gap
from lunchbell.live import ingest as ingest_module
from lunchbell.live.ingest import BusyError, Ingest
from lunchbell.store.feeds import Range, accept, last_seq
from lunchbell.store.schema import open_store

FEEDS = st.sampled_from([("proxy", "a1"), ("proxy", "b2"), ("library", "a1")])


class Feeds(RuleBasedStateMachine):
    """Ranges of three feeds arrive in any order and overlap, several in a commit, against dictionaries."""

    @initialize()
    def begin(self) -> None:
        """An empty store."""
        self.db = open_store(":memory:")
        self.has: dict[tuple[str, str], int] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.gaps: dict[tuple[str, str, int], int] = {}
        self.rejected: set[tuple[str, str, int]] = set()

    def teardown(self) -> None:
        """Close it."""
        if hasattr(self, "db"):
            self.db.close()

    @rule(arriving=st.lists(st.tuples(FEEDS, st.integers(1, 25), st.integers(0, 3), st.integers(1, 9)), max_size=4))
    def arrive(self, arriving: list[tuple[tuple[str, str], int, int, int]]) -> None:
        """A commit of ranges: of what they begin with, how many lines, and a span that the store once lost."""
        ranges = [self._range(feed, first, lost, count) for feed, first, lost, count in arriving]
        expected = [self._expect(one) for one in ranges]
        assert accept(self.db, ranges, 0) == expected

    @rule(feed=FEEDS, count=st.integers(1, 9))
    def next_in_order(self, feed: tuple[str, str], count: int) -> None:
        """What a well-behaved proxy sends next."""
        one = self._range(feed, self.has.get(feed, 0) + 1, 0, count)
        assert accept(self.db, [one], 0) == [self._expect(one)]

    @invariant()
    def agrees(self) -> None:
        """The store says what the dictionaries say."""
        if not hasattr(self, "db"):
            return
        query = self.db.conn.execute
        assert {s: (n, b) for s, n, b in query("SELECT subject, requests, bytes FROM usage")} == self.sizes
        assert {r[0] for r in query("SELECT subject FROM published")} == set(self.sizes)
        assert {(f, e, s): lost for f, e, s, lost in query("SELECT feed, epoch, seq, lost FROM gaps")} == self.gaps
        assert set(query("SELECT feed, epoch, seq FROM rejected").fetchall()) == self.rejected
        for feed, has in self.has.items():
            assert last_seq(self.db, *feed) == has

    def _range(self, feed: tuple[str, str], first: int, lost: int, count: int) -> Range:
        """Lines are what their numbers make them: each fifth is unreadable, each seventh a gap."""
        lines: list[Event | Gap | bytes] = [gap(first, lost=lost)] if lost else []
        for seq in range(first + lost, first + lost + count):
            if seq % 5 == 0:
                lines.append(b"{")
            elif seq % 7 == 0:
                lines.append(gap(seq, "crashed", 0))
            else:
                lines.append(event(seq, size=seq, subject=f"{feed[0]} {feed[1]} {seq}"))
        return batch(*feed, first, *lines)

    def _expect(self, one: Range) -> int | None:
        feed = one.feed, one.epoch
        has = self.has.get(feed, 0)
        if one.first > has + 1:
            return None
        for e in one.events:
            if e.seq > has:
                assert e.subject not in self.sizes
                self.sizes[e.subject] = 1, e.bytes
        for g in one.gaps:
            known = max(0, has - g.seq + 1)
            if g.reason != "store" and not known:
                self.gaps[(*feed, g.seq)] = g.lost
            if g.reason == "store" and g.lost > known:
                self.gaps[(*feed, g.seq + known)] = g.lost - known
        self.rejected |= {(*feed, seq) for seq, _ in one.rejected if seq > has}
        self.has[feed] = max(has, one.last)
        return self.has[feed]


TestFeeds = Feeds.TestCase


@pytest.fixture
async def ingest(tmp_path: Path) -> AsyncIterator[Ingest]:
    """On a store of its own."""
    made = Ingest(tmp_path / "store.db", lambda: 0)
    yield made
    await made.close()


async def test_batches_that_arrive_together_are_committed_together_and_each_is_answered(ingest: Ingest) -> None:
    """Twenty feeds at once cost two commits: the first one's, and that of those that came meanwhile."""
    answers = await asyncio.gather(
        *(ingest.accept(batch(f"feed {n}", "a1", 1, *(event(seq) for seq in range(1, n + 2)))) for n in range(20))
    )
    assert answers == list(range(1, 21))
    assert ingest.commits <= 2
    assert ingest.accepted == sum(range(1, 21))


async def test_a_batch_that_cannot_be_stored_keeps_no_other_out(ingest: Ingest) -> None:
    """Only the feed whose numbers no column can hold is told of an error."""
    poison = batch("bad", "a1", 1, event(1))._replace(last=2**70)
    good = [batch(f"feed {n}", "a1", 1, event(1)) for n in range(3)]
    answers = await asyncio.gather(*map(ingest.accept, [good[0], poison, good[1], good[2]]), return_exceptions=True)
    assert [answers[0], answers[2], answers[3]] == [1, 1, 1]
    assert isinstance(answers[1], OverflowError)
    assert await ingest.accept(batch("bad", "a1", 1, event(1))) == 1
    assert ingest.accepted == 4


async def test_lines_that_are_missing_before_a_batch_are_told(ingest: Ingest) -> None:
    """None, and nothing of it was taken."""
    assert await ingest.accept(batch("proxy", "a1", 5, event(5))) is None
    assert await ingest.last_seq("proxy", "a1") == 0
    assert ingest.accepted == 0


async def test_no_more_than_so_many_batches_wait(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under pressure a batch is turned away; those that wait are committed."""
    monkeypatch.setattr(ingest_module, "MOST_WAITING", 3)
    answers = await asyncio.gather(
        *(ingest.accept(batch(f"feed {n}", "a1", 1, event(1))) for n in range(5)), return_exceptions=True
    )
    assert answers[:3] == [1, 1, 1]
    assert all(isinstance(answer, BusyError) for answer in answers[3:])


async def test_a_request_that_was_given_up_disturbs_nobody(ingest: Ingest) -> None:
    """A cancelled wait does not keep the batch out, nor the others' answers."""
    first = asyncio.create_task(ingest.accept(batch("one", "a1", 1, event(1))))
    second = asyncio.create_task(ingest.accept(batch("two", "a1", 1, event(1))))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1
    assert await ingest.last_seq("one", "a1") == 1


async def test_a_store_that_cannot_be_written_takes_nothing(tmp_path: Path) -> None:
    """Every batch of the commit is told, and all are taken when the store can be written again."""
    ingest = Ingest(tmp_path / "store.db", lambda: 0)
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    await ingest._in_thread(lambda: ingest._db.conn.execute("PRAGMA busy_timeout = 0"))
    other.execute("BEGIN IMMEDIATE")
    ranges = [batch(f"feed {n}", "a1", 1, event(1)) for n in range(3)]
    answers = await asyncio.gather(*map(ingest.accept, ranges), return_exceptions=True)
    assert all(isinstance(answer, sqlite3.OperationalError) for answer in answers)
    other.execute("ROLLBACK")
    assert await asyncio.gather(*map(ingest.accept, ranges)) == [1, 1, 1]
    assert ingest.accepted == 3
    other.close()
    await ingest.close()
