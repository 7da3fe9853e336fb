"""Recording: whatever happens, what was noticed is on disk or counted in a gap."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proxy.lines import event, read

from lunchbell.events import Event, Gap
from lunchbell_proxy import recording as recording_module
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.outbox import Outbox
from lunchbell_proxy.recording import Recording


class Numbers:
    """Judges numbers: an event of that size; 13 is a mistake."""

    clock = Clock()

    def event(self, seen: int) -> Event:
        """The event."""
        if seen == 13:
            raise RuntimeError("a mistake")
        return event(seen)


class MachineClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_795_000_000.0, 50.0

    def time(self) -> float:
        """Wall clock."""
        return self.wall

    def monotonic(self) -> float:
        """Steady clock."""
        return self.steady

    def passes(self, seconds: float) -> None:
        """Both go on."""
        self.wall += seconds
        self.steady += seconds


class Failing(Outbox):
    """An outbox on a disk that is full as long as `full` says so."""

    full = False

    def commit(self, lines: Sequence[Event | Gap], through: int, *, stopping: bool = False) -> int:
        """Fail, or take them."""
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        return super().commit(lines, through, stopping=stopping)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MachineClock:
    """The clock; the thread sleeps for ever, so that a test takes each turn itself."""
    made = MachineClock()
    monkeypatch.setattr(recording_module, "time", made)
    monkeypatch.setattr(recording_module, "INTERVAL", 3600.0)
    return made


def start(outbox: Outbox, paused: Callable[[], bool] = lambda: False) -> Recording:
    """Record numbers."""
    return Recording(cast("Judging", Numbers()), outbox, paused)


def put(recording: Recording, *numbers: int) -> None:
    """Hand over numbers."""
    for number in numbers:
        recording.put(cast("Seen", number))


def sizes(lines: list[dict[str, object]]) -> list[object]:
    """The events among lines."""
    return [line["bytes"] for line in lines if "gap" not in line]


def gaps(lines: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """The gaps among lines: start, end, reason, lost."""
    return [(line["gap"], line["until"], line["reason"], line["lost"]) for line in lines if "gap" in line]


NOW = 1_795_000_000_000


def test_what_is_put_is_on_disk_in_order_after_a_stop(tmp_path: Path) -> None:
    """With the real clock and the real thread, everything arrives once and in order."""
    outbox = Outbox(tmp_path / "o")
    recording = start(outbox)
    put(recording, *range(1, 13))
    recording.stop()
    assert sizes(read(outbox)) == list(range(1, 13))
    assert recording.recorded == 12


def test_a_first_start_leaves_a_sign_of_life_at_once(tmp_path: Path, clock: MachineClock) -> None:
    """A crash before the first event is seen as one at the next start."""
    start(Outbox(tmp_path / "o"))
    clock.passes(60)
    again = Outbox(tmp_path / "o")
    start(again)
    assert gaps(read(again)) == [(NOW, NOW + 60_000, "crashed", 0)]


@pytest.mark.parametrize(("in_order", "reason"), [(True, "stopped"), (False, "crashed")])
def test_the_time_without_a_proxy_is_on_record(
    tmp_path: Path, clock: MachineClock, in_order: bool, reason: str
) -> None:
    """From the last instant before which all was recorded, until the next start; and how the proxy had ended."""
    outbox = Outbox(tmp_path / "o")
    recording = start(outbox)
    clock.passes(10)
    put(recording, 1)
    recording._turn()
    if in_order:
        recording.stop()
    read(outbox)
    clock.passes(100)
    again = Outbox(tmp_path / "o")
    start(again)
    assert gaps(read(again)) == [(NOW + 10_000, NOW + 110_000, reason, 0)]


def test_a_pause_is_on_record_and_a_crash_in_it_does_not_hide_it(tmp_path: Path, clock: MachineClock) -> None:
    """Nothing is recorded in a pause; a proxy that dies in it leaves a gap from the pause's beginning."""
    paused = [False]
    outbox = Outbox(tmp_path / "o")
    recording = start(outbox, lambda: paused[0])
    put(recording, 1)
    paused[0] = True
    recording._turn()
    put(recording, 2)
    clock.passes(30)
    recording._turn()
    paused[0] = False
    recording._turn()
    put(recording, 3)
    recording._turn()
    lines = read(outbox)
    assert sizes(lines) == [1, 3]
    assert gaps(lines) == [(NOW, NOW + 30_000, "paused", 0)]
    paused[0] = True
    recording._turn()
    clock.passes(60)
    recording._turn()
    again = Outbox(tmp_path / "o")
    start(again)
    assert gaps(read(again)) == [(NOW + 30_000, NOW + 90_000, "crashed", 0)]


def test_a_clock_that_jumps_is_on_record(tmp_path: Path, clock: MachineClock) -> None:
    """A jump, forward or back, is a gap between both readings, and its edges are in order."""
    outbox = Outbox(tmp_path / "o")
    recording = start(outbox)
    clock.wall -= 3600
    recording._turn()
    clock.wall += 60
    recording._turn()
    assert gaps(read(outbox)) == [
        (NOW - 3_600_000, NOW, "clock", 0),
        (NOW - 3_600_000, NOW - 3_540_000, "clock", 0),
    ]


def test_losses_over_a_clock_that_is_set_back_have_edges_in_order(tmp_path: Path, clock: MachineClock) -> None:
    """A gap that began before the clock was set back still ends after it begins."""
    outbox = Failing(tmp_path / "o")
    recording = start(outbox)
    outbox.full = True
    put(recording, 13)
    recording._turn()
    clock.wall -= 3600
    clock.steady += 10
    outbox.full = False
    recording._turn()
    assert (NOW - 3_600_000, NOW, "mistake", 1) in gaps(read(outbox))


def test_a_mistake_of_ours_is_counted_and_the_rest_recorded(tmp_path: Path, clock: MachineClock) -> None:
    """One request that cannot be judged costs no other."""
    outbox = Outbox(tmp_path / "o")
    recording = start(outbox)
    put(recording, 1, 13, 2, 13)
    recording._turn()
    lines = read(outbox)
    assert sizes(lines) == [1, 2]
    assert gaps(lines) == [(NOW, NOW, "mistake", 2)]


def test_events_wait_in_memory_while_the_disk_is_full(tmp_path: Path, clock: MachineClock) -> None:
    """Nothing is lost when the disk has room again, and no crash in between would go unreported."""
    outbox = Failing(tmp_path / "o")
    recording = start(outbox)
    outbox.full = True
    for number in range(1, 13):
        put(recording, number)
        clock.passes(5)
        recording._turn()
    assert outbox.last_alive() == (NOW, False)
    outbox.full = False
    clock.passes(5)
    recording._turn()
    lines = read(outbox)
    assert sizes(lines) == list(range(1, 13))
    assert gaps(lines) == []


def test_a_backlog_is_not_called_recorded_until_all_of_it_is(
    tmp_path: Path, clock: MachineClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash amid a backlog that is committed in parts leaves a gap from before the backlog."""
    outbox = Failing(tmp_path / "o")
    recording = start(outbox)
    outbox.full = True
    put(recording, *range(100, 400))
    recording._turn()
    clock.passes(60)
    outbox.full = False
    monkeypatch.setattr(recording_module, "AT_ONCE", 100)
    signs = []
    commit = outbox.commit

    def watched(lines: Sequence[Event | Gap], through: int, *, stopping: bool = False) -> int:
        taken = commit(lines, through, stopping=stopping)
        signs.append(outbox.last_alive())
        return taken

    monkeypatch.setattr(outbox, "commit", watched)
    recording._turn()
    assert signs == [(NOW, False), (NOW, False), (NOW + 60_000, False)]


def test_memory_is_bounded_while_nothing_can_be_written(
    tmp_path: Path, clock: MachineClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound the newest are dropped, on either side of the judging, and each is counted."""
    monkeypatch.setattr(recording_module, "MOST_WAITING", 10)
    outbox = Failing(tmp_path / "o")
    recording = start(outbox)
    outbox.full = True
    put(recording, *range(100, 108))
    recording._turn()
    put(recording, *range(200, 215))
    recording._turn()
    outbox.full = False
    clock.passes(5)
    recording._turn()
    lines = read(outbox)
    assert sizes(lines) == [*range(100, 108), 200, 201]
    assert gaps(lines) == [(NOW, NOW + 5_000, "full", 13)]
    assert recording.lost == 13


def test_a_full_outbox_drops_events_but_never_a_gap(tmp_path: Path, clock: MachineClock) -> None:
    """That the proxy was down, or paused, is told even when there was no room for it at once."""
    outbox = Outbox(tmp_path / "o")
    recording = start(outbox)
    recording.stop()
    clock.passes(60)
    again = Outbox(tmp_path / "o")
    again.limit = 0
    recording = start(again)
    put(recording, 1, 2)
    recording._turn()
    again.limit = 100
    recording._turn()
    lines = read(again)
    assert sizes(lines) == []
    assert sorted(gaps(lines)) == [
        (NOW, NOW + 60_000, "stopped", 0),
        (NOW + 60_000, NOW + 60_000, "full", 2),
    ]


def test_a_damaged_outbox_is_on_record(tmp_path: Path, clock: MachineClock) -> None:
    """From when the file was written last until now, nothing is known."""
    (tmp_path / "o").write_bytes(b"no database" * 1000)
    outbox = Outbox(tmp_path / "o")
    start(outbox)
    ((_, _, reason, lost),) = gaps(read(outbox))
    assert (reason, lost) == ("crashed", 0)


@pytest.mark.parametrize(("error", "failures"), [(PermissionError(), 0), (RuntimeError(), 2)])
def test_the_thread_outlives_whatever_goes_wrong_around_it(
    tmp_path: Path, clock: MachineClock, error: Exception, failures: int
) -> None:
    """A switch that cannot be read stays as it was; any other mistake is counted, and nothing is lost by it."""
    errors = [error, error]

    def switch() -> bool:
        if errors:
            raise errors.pop()
        return False

    outbox = Outbox(tmp_path / "o")
    recording = start(outbox, switch)
    put(recording, 1)
    recording._turn()
    clock.passes(5)
    recording._turn()
    assert sizes(read(outbox)) == [1]
    assert recording.failures == failures


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 8)),
        st.tuples(st.just("disk"), st.booleans()),
        st.tuples(st.just("limit"), st.integers(0, 30)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("turn"), st.just(0)),
    ),
    max_size=40,
)


@given(steps=STEPS)
def test_nothing_vanishes(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    """Over any course of full disks and full outboxes, what was put is on disk once, or counted in a gap."""
    with pytest.MonkeyPatch.context() as patch:
        clock = MachineClock()
        patch.setattr(recording_module, "time", clock)
        patch.setattr(recording_module, "INTERVAL", 3600.0)
        patch.setattr(recording_module, "MOST_WAITING", 12)
        patch.setattr(recording_module, "AT_ONCE", 3)
        outbox = Failing(tmp_path_factory.mktemp("outbox") / "o")
        recording = start(outbox)
        number = 100
        lines: list[dict[str, object]] = []
        for step, value in steps:
            clock.passes(2)
            if step == "put":
                put(recording, *range(number, number + value))
                number += value
            elif step == "disk":
                outbox.full = bool(value)
            elif step == "limit":
                outbox.limit = value
            elif step == "read":
                lines += read(outbox)
            else:
                recording._turn()
        outbox.full, outbox.limit = False, 1000
        clock.passes(2)
        recording._turn()
        recording.stop()
        lines += [json.loads(json.dumps(line)) for line in read(outbox)]
        outbox.close()
        arrived = sizes(lines)
        assert arrived == sorted(set(map(int, map(str, arrived))))
        assert len(arrived) + sum(int(str(lost)) for *_, lost in gaps(lines)) == number - 100
