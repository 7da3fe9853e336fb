"""ISO weeks where the school is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lunchbell.summary.week import State, Week

LONDON = ZoneInfo("Europe/London")


def test_a_week_is_written_as_it_is_read() -> None:
    """2026-W47 begins on Monday 16 November; its neighbours cross the year."""
    week = Week.parse("2026-W47")
    assert (str(week), week.number, week.monday) == ("2026-W47", 47, date(2026, 11, 16))
    assert str(Week.parse("2026-W53").after) == "2027-W01"
    assert str(Week.parse("2027-W01").before) == "2026-W53"


@pytest.mark.parametrize(
    "text", ["", "47", "2026-47", "2026W47", "2026-W00", "2025-W53", "2026-W60", "0000-W01", "२०२६-W47"]
)
def test_what_is_no_week_is_refused_in_words(text: str) -> None:
    """The message repeats what was given."""
    with pytest.raises(ValueError, match="week") as caught:
        Week.parse(text)
    assert f'"{text}"' in str(caught.value)


@pytest.mark.parametrize(("text", "hours"), [("2026-W47", 168), ("2026-W43", 169), ("2026-W13", 167)])
def test_a_week_with_a_clock_change_is_as_long_as_it_is(text: str, hours: int) -> None:
    """From local midnight to local midnight: one hour more in October, one less in March."""
    start, end = Week.parse(text).span(LONDON)
    assert end - start == hours * 3_600_000


def test_a_week_belongs_to_the_schools_own_zone() -> None:
    """Sunday 23:30 UTC is Monday in a British summer."""
    assert Week.of(datetime(2026, 6, 14, 23, 30, tzinfo=UTC), LONDON) == Week(date(2026, 6, 15))


def test_the_state_of_a_week() -> None:
    """Half-open: it is over at the very midnight that ends it."""
    week = Week.parse("2026-W47")
    end = datetime(2026, 11, 23, tzinfo=LONDON)
    assert week.state(end, LONDON) is State.FINISHED
    assert week.state(end - timedelta(seconds=1), LONDON) is State.SO_FAR
    assert week.state(end - timedelta(days=8), LONDON) is State.AHEAD


def test_dates_as_people_say_them() -> None:
    """No word is said twice."""
    said = {text: Week.parse(text).dates for text in ("2026-W47", "2026-W40", "2026-W53")}
    assert said == {
        "2026-W47": "16 to 22 November 2026",
        "2026-W40": "28 September to 4 October 2026",
        "2026-W53": "28 December 2026 to 3 January 2027",
    }
