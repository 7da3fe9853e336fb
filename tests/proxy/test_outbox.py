"""The outbox: numbers without holes, nothing dropped silently, open as soon as it can be."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.proxy.lines import event, no_file_grows_beyond, read, wal_size

from lunchbell_proxy import outbox as outbox_module
from lunchbell_proxy.outbox import RESERVE, Outbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the outbox is."""
    return tmp_path / "outbox.db"


def test_lines_are_numbered_without_holes_across_commits(path: Path) -> None:
    """Within an epoch numbers run 1, 2, 3, ..., whatever the commits, and each line carries its own."""
    outbox = Outbox(path)
    for size in range(1, 8):
        assert outbox.commit([event(n) for n in range(size)], 1) == size
    batch = outbox.batch(500)
    assert batch is not None
    assert (batch.first, batch.last) == (1, 28)
    assert [json.loads(line)["seq"] for line in batch.lines] == list(range(1, 29))


def test_every_opening_starts_an_epoch_and_batches_never_mix_them(path: Path) -> None:
    """A file that is opened again numbers anew, and what waited of before goes first, by itself."""
    first = Outbox(path)
    first.commit([event(1), event(2)], 1)
    first.close()
    second = Outbox(path)
    second.commit([event(3)], 2)
    old = second.batch(500)
    assert old is not None
    assert len(old.lines) == 2
    second.confirm(old.epoch, old.last)
    new = second.batch(500)
    assert new is not None
    assert (new.first, new.last) == (1, 1)
    assert new.epoch != old.epoch


def test_what_is_confirmed_is_gone_for_good(path: Path) -> None:
    """Confirming removes lines up to a number, also after the file is opened again; how far it went is remembered."""
    outbox = Outbox(path)
    outbox.commit([event(n) for n in range(10)], 1)
    batch = outbox.batch(4)
    assert batch is not None
    assert outbox.confirm(batch.epoch, batch.last) == 4
    assert outbox.confirm(batch.epoch, batch.last) == 0
    assert outbox.waiting == 6
    outbox.close()
    again = Outbox(path)
    assert again.waiting == 6
    assert again.sent() == [(batch.epoch, 4)]
    assert [line["bytes"] for line in read(again)] == [4, 5, 6, 7, 8, 9]


def test_it_takes_no_more_than_its_limit_and_says_how_many(path: Path) -> None:
    """Beyond the limit nothing is taken, and the file does not claim that all until then is on record."""
    outbox = Outbox(path)
    outbox.limit = 5
    assert outbox.commit([event(1)] * 3, 100) == 3
    assert outbox.commit([event(1)] * 3, 200) == 2
    assert outbox.commit([event(1)], 300) == 0
    assert outbox.last_alive() == (100, False)
    read(outbox)
    assert outbox.commit([event(1)], 400) == 1
    assert outbox.last_alive() == (400, False)


def test_a_full_disk_changes_nothing_and_is_over_when_there_is_room(path: Path) -> None:
    """A commit that fails takes no number; the same lines are taken later."""
    outbox = Outbox(path)
    outbox.commit([event(1)], 100)
    with no_file_grows_beyond(wal_size(path)), pytest.raises(sqlite3.Error):
        outbox.commit([event(n) for n in range(500)], 200)
    assert outbox.waiting == 1
    assert outbox.last_alive() == (100, False)
    outbox.commit([event(n) for n in range(500)], 300)
    assert [line["seq"] for line in read(outbox)] == list(range(1, 502))


def test_lines_can_be_confirmed_on_a_disk_that_they_filled(path: Path) -> None:
    """The reserve makes room for what must be written to remove lines, and is set aside again."""
    outbox = Outbox(path)
    reserve = path.with_name("outbox.db-reserve")
    outbox.commit([event(n) for n in range(50)], 1)
    assert reserve.stat().st_size == RESERVE
    refused = []

    def refuse(action: int, *_: object) -> int:
        if action == sqlite3.SQLITE_DELETE and reserve.exists():
            refused.append(action)
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    assert outbox._db
    outbox._db.set_authorizer(refuse)
    assert len(read(outbox)) == 50
    assert refused
    assert not reserve.exists()


def test_a_full_disk_gets_back_what_removed_lines_have_left(path: Path) -> None:
    """When a commit finds no room, the file shrinks to what still waits, so that the next finds some."""
    outbox = Outbox(path)
    outbox.commit([event(n) for n in range(5000)], 1)
    read(outbox)
    size = path.stat().st_size
    with no_file_grows_beyond(wal_size(path)), pytest.raises(sqlite3.Error):
        outbox.commit([event(n) for n in range(20_000)], 2)
    assert path.stat().st_size < size / 20
    assert wal_size(path) == 0
    assert outbox.commit([event(n) for n in range(100)], 3) == 100


def test_without_its_reserve_it_takes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New lines never fill the room in which old ones are removed; they are taken once there is enough for both."""
    outbox = Outbox(path)
    outbox.commit([event(1)], 1)
    path.with_name("outbox.db-reserve").unlink()
    monkeypatch.setattr(outbox_module, "RESERVE", 2**60)
    with pytest.raises(sqlite3.OperationalError, match="reserve"):
        outbox.commit([event(2)], 2)
    assert [line["bytes"] for line in read(outbox)] == [1]
    monkeypatch.setattr(outbox_module, "RESERVE", 1000)
    assert outbox.commit([event(2)], 3) == 1


def test_it_starts_on_a_disk_that_has_no_room_at_all(path: Path) -> None:
    """The proxy starts all the same; the file is made when there is room."""
    with no_file_grows_beyond(0):
        outbox = Outbox(path)
        with pytest.raises(sqlite3.Error):
            outbox.commit([event(1)], 1)
        with pytest.raises(sqlite3.Error):
            outbox.batch(10)
    assert outbox.commit([event(1)], 2) == 1
    assert outbox.last_alive() == (2, False)


@pytest.mark.parametrize("content", [b"not a database at all" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_a_new_one_begins(path: Path, content: bytes) -> None:
    """A file that is no database neither stops the proxy nor is it thrown away, and the loss is known."""
    path.write_bytes(content)
    outbox = Outbox(path)
    assert outbox.commit([event(1)], 5) == 1
    damage = outbox.damage()
    assert damage is not None
    assert damage.at == pytest.approx(path.with_name("outbox.db-damaged").stat().st_mtime)
    assert outbox.damage() is None
    assert path.with_name("outbox.db-damaged").read_bytes() == content
    assert len(read(outbox)) == 1


def test_damage_while_it_is_open_is_noticed_and_counted(path: Path) -> None:
    """What waited in a file that breaks is counted as lost, and recording goes on in a new one."""
    outbox = Outbox(path)
    outbox.commit([event(n) for n in range(3000)], 1)
    outbox.close()
    outbox = Outbox(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    committed = 3000
    while (damage := outbox.damage()) is None:
        try:  # until what SQLite has in memory is used up
            committed += outbox.commit([event(n) for n in range(500)], 2)
            outbox.batch(100_000)
        except sqlite3.DatabaseError:
            continue
    assert damage.lines == committed
    assert outbox.waiting == 0
    outbox.commit([event(1)], 3)
    assert len(read(outbox)) == 1


def test_a_restored_file_gives_no_number_twice(path: Path, tmp_path: Path) -> None:
    """An older copy in the file's place starts an epoch of its own, so no number of the newer one is used again."""
    outbox = Outbox(path)
    outbox.commit([event(1)], 1)
    outbox.close()
    shutil.copy(path, tmp_path / "backup")
    outbox = Outbox(path)
    outbox.commit([event(2)], 2)
    epochs = set()
    while batch := outbox.batch(1):
        epochs.add(batch.epoch)
        outbox.confirm(batch.epoch, batch.last)
    outbox.close()
    shutil.copy(tmp_path / "backup", path)
    restored = Outbox(path)
    restored.commit([event(3)], 3)
    assert [line["bytes"] for line in read(restored)] == [1, 3]
    assert restored.sent()[-1][0] not in epochs


def test_lines_that_the_analyser_lost_become_one_gap_that_takes_their_numbers(path: Path) -> None:
    """When the store was set back, the gap begins after what it has, and ends where the waiting lines begin."""
    outbox = Outbox(path)
    outbox.commit([event(n) for n in range(10)], 1)
    batch = outbox.batch(6)
    assert batch is not None
    outbox.confirm(batch.epoch, batch.last)
    assert outbox.fill(batch.epoch, 2, 777) == 4
    assert outbox.fill(batch.epoch, 2, 777) == 0
    assert outbox.fill(batch.epoch, 1, 777) == 1
    again = outbox.batch(500)
    assert again is not None
    assert (again.epoch, again.first, again.last) == (batch.epoch, 2, 10)
    gap = json.loads(again.lines[1])
    assert gap == {"v": 1, "gap": 1, "until": 1, "reason": "store", "lost": 4, "seq": 3}
    assert outbox.confirm(again.epoch, again.last) == len(again.lines) == outbox.waiting + 6


def test_the_gap_of_a_store_covers_the_time_of_what_it_lost(path: Path) -> None:
    """From the hour before the first line that is lost until the last that was sent, also when all of an epoch is."""
    hour = 3_600_000
    outbox = Outbox(path)
    for n in range(1, 6):
        outbox.commit([event(1), event(2)], n * hour + 60_000)
        batch = outbox.batch(10)
        assert batch is not None
        outbox.confirm(batch.epoch, batch.last)
    epoch = outbox.sent()[0][0]
    assert outbox.fill(epoch, 5, 99) == 5
    batch = outbox.batch(10)
    assert batch is not None
    gap = json.loads(batch.lines[0])
    assert (gap["gap"], gap["until"]) == (2 * hour + 60_000, 5 * hour + 60_000)
    assert outbox.fill(epoch, 0, 99) == 5
    batch = outbox.batch(1)
    assert batch is not None
    assert json.loads(batch.lines[0])["gap"] == hour + 60_000
