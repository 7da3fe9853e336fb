"""Outbox and store together, without processes: any course of deliveries, restarts and restores, then the count."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.proxy.lines import event

from lunchbell.live.decoding import decode
from lunchbell.store.feeds import Range, accept, last_seq
from lunchbell.store.schema import open_store
from lunchbell_proxy.outbox import Batch, Outbox


class Delivery(RuleBasedStateMachine):
    """Events go from an outbox to a store, as `Sending` and `POST /api/events` carry them."""

    @initialize()
    def begin(self) -> None:
        """An empty outbox and an empty store."""
        self.folder = Path(tempfile.mkdtemp(prefix="lunchbell-delivery-"))
        self.outbox = Outbox(self.folder / "outbox.db")
        self.db = open_store(self.folder / "store.db")
        self.next = 1
        self.late: list[Batch] = []
        self.backup_sizes: set[int] | None = None
        self.lost: set[int] = set()

    def teardown(self) -> None:
        """Deliver all that waits, and count."""
        if not hasattr(self, "folder"):
            return
        self.ask()
        while self.deliver(500):
            pass
        kept = self.sizes()
        gaps = self.db.conn.execute("SELECT coalesce(sum(lost), 0) FROM gaps").fetchone()[0]
        self.outbox.close()
        self.db.close()
        shutil.rmtree(self.folder)
        assert sorted(kept) == sorted(set(kept))
        missing = set(range(1, self.next)) - set(kept)
        assert missing <= self.lost
        assert gaps == len(missing)

    @rule(count=st.integers(1, 30))
    def commit(self, count: int) -> None:
        """Events are recorded."""
        self.outbox.commit([event(n) for n in range(self.next, self.next + count)], 1)
        self.next += count

    @rule(size=st.integers(1, 40))
    def deliver_some(self, size: int) -> None:
        """The oldest go, and the answer comes."""
        self.deliver(size)

    def deliver(self, size: int) -> bool:
        """The same; whether there were any."""
        batch = self.outbox.batch(size)
        if batch is None:
            return False
        has = self.send(batch)
        if has is None:
            has = last_seq(self.db, "feed", batch.epoch)
            assert self.outbox.fill(batch.epoch, has, 1)
            self.ask()
        else:
            assert has >= batch.last
            assert self.outbox.confirm(batch.epoch, batch.last) == len(batch.lines)
        return True

    @rule(size=st.integers(1, 40))
    def deliver_without_answer(self, size: int) -> None:
        """The oldest go, and no answer comes."""
        if batch := self.outbox.batch(size):
            self.send(batch)
            self.late.append(batch)

    @rule(size=st.integers(1, 40))
    def hold_up(self, size: int) -> None:
        """The oldest are on the way for long."""
        if batch := self.outbox.batch(size):
            self.late.append(batch)

    @precondition(lambda self: self.late)
    @rule(which=st.integers(0, 100))
    def arrive_late(self, which: int) -> None:
        """What was held up, or arrived before, arrives; nobody waits for the answer."""
        self.send(self.late[which % len(self.late)])

    @rule(lie=st.integers(0, 20))
    def lie(self, lie: int) -> None:
        """The analyser says that it has less than it has."""
        if batch := self.outbox.batch(40):
            if lie < batch.first - 1:
                self.outbox.fill(batch.epoch, lie, 1)
        elif sent := self.outbox.sent():
            self.outbox.fill(sent[-1][0], min(lie, sent[-1][1]), 1)

    @rule()
    def start_again(self) -> None:
        """The proxy dies and comes again."""
        self.outbox.close()
        self.outbox = Outbox(self.folder / "outbox.db")
        self.ask()

    @rule()
    def restore_outbox(self) -> None:
        """A copy of before the last deliveries takes its place, with nothing recorded in between."""
        self.outbox.close()
        shutil.copy(self.folder / "outbox.db", self.folder / "copy.db")
        self.outbox = Outbox(self.folder / "outbox.db")
        self.deliver(20)
        self.outbox.close()
        shutil.copy(self.folder / "copy.db", self.folder / "outbox.db")
        self.outbox = Outbox(self.folder / "outbox.db")

    @rule()
    def back_up_store(self) -> None:
        """A backup of the analyser's store."""
        self.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.folder / "store.db", self.folder / "backup.db")
        self.backup_sizes = set(self.sizes())

    @precondition(lambda self: self.backup_sizes is not None)
    @rule()
    def restore_store(self) -> None:
        """The backup takes its place."""
        assert self.backup_sizes is not None
        self.lost |= set(self.sizes()) - self.backup_sizes
        self.db.close()
        shutil.copy(self.folder / "backup.db", self.folder / "store.db")
        self.db = open_store(self.folder / "store.db")
        self.ask()

    def send(self, batch: Batch) -> int | None:
        """As over HTTP."""
        body = b"".join(line + b"\n" for line in batch.lines)
        decoded = decode(batch.first, body)
        assert not decoded.rejected
        assert decoded.last == batch.last
        return accept(self.db, [Range("feed", batch.epoch, *decoded)], 0)[0]

    def ask(self) -> None:
        """As at each start, and after each gap of the store."""
        for epoch, seq in self.outbox.sent():
            if (has := last_seq(self.db, "feed", epoch)) < seq:
                self.outbox.fill(epoch, has, 1)

    def sizes(self) -> list[int]:
        """The numbers of the events in the store, as often as they are there."""
        found = [int(subject) for (subject,) in self.db.conn.execute("SELECT subject FROM published")]
        assert len(found) == self.db.conn.execute("SELECT coalesce(sum(requests), 0) FROM usage").fetchone()[0]
        return found


Delivery.TestCase.settings = settings(stateful_step_count=30)
TestDelivery = Delivery.TestCase
