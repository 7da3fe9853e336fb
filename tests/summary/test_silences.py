"""What feeds report not to know about, said in the summary."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lunchbell.policy.calendar import instant_ms
from lunchbell.summary.limits import silence_sentences
from lunchbell.summary.silences import silences

LONDON = ZoneInfo("Europe/London")


class Row(NamedTuple):
    """As the store gives it."""

    feed: str
    start: int
    until: int
    reason: str
    lost: int = 0


def at(day: int, hour: int, minute: int, second: int = 0) -> int:
    """An instant of November 2026."""
    return instant_ms(datetime(2026, 11, day, hour, minute, second, tzinfo=LONDON))


def said(*rows: Row) -> list[str]:
    """The sentences of some gaps."""
    return list(silence_sentences(silences(rows, LONDON)))


def test_a_silence_over_night_names_both_ends() -> None:
    """The head reads from when to when nothing came, and why."""
    assert said(Row("junior block", at(17, 10, 5), at(18, 8, 20), "crashed")) == [
        "junior block did not record everything from Tuesday 10:05 to Wednesday 8:20: it was not running."
    ]


def test_a_silence_within_a_day_names_the_day_once() -> None:
    """A pause within one day."""
    assert said(Row("p", at(17, 10, 5), at(17, 11, 0), "paused")) == [
        "p did not record everything on Tuesday from 10:05 to 11:00: monitoring was paused."
    ]


def test_restarts_are_counted_and_losses_are_not_hidden_among_them() -> None:
    """Three short silences are one sentence; a short one that lost events is told by itself."""
    short = [Row("p", at(17, 9, n), at(17, 9, n, 4), "stopped") for n in range(3)]
    lossy = Row("p", at(17, 12, 0), at(17, 12, 0, 1), "full", 1234)
    assert said(*short, lossy) == [
        "p did not record everything at 12:00 on Tuesday: its disk or memory was full.",
        "1,234 events of that time are known to be missing.",
        "p was silent 3 times for less than a minute.",
    ]


def test_what_touches_is_one_silence() -> None:
    """Two reports of one stretch are not two silences, and their losses add up."""
    first, second = Row("p", at(17, 9, 0), at(17, 9, 30), "full", 2), Row("p", at(17, 9, 20), at(17, 10, 0), "full", 3)
    (silence,) = silences([second, first], LONDON)
    assert (silence.start.hour, silence.end.hour, silence.lost) == (9, 10, 5)
    apart = silences([first, second._replace(reason="clock")], LONDON)
    assert len(apart) == 2
