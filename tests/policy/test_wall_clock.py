"""Times as people write them, and the ones that a clock change spoils."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.schools import LONDON

from lunchbell.policy.wall_clock import instant_on_wall


def resolved(text: str, zone: ZoneInfo = LONDON) -> str:
    """The instant of a time as it is written."""
    return instant_on_wall(datetime.fromisoformat(text), zone).isoformat()


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-11-16T12:20", "2026-11-16T12:20:00+00:00"),
        ("2026-07-01T12:20", "2026-07-01T11:20:00+00:00"),
        ("2026-10-25T00:59", "2026-10-24T23:59:00+00:00"),
        ("2026-10-25T02:00", "2026-10-25T02:00:00+00:00"),
        ("2026-10-25T01:30+01:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T01:30Z", "2026-10-25T01:30:00+00:00"),
        ("2026-03-29T01:30-05:00", "2026-03-29T06:30:00+00:00"),
    ],
)
def test_plain_times_and_times_with_an_offset(wall: str, instant: str) -> None:
    """A time without an offset is the school's own; one with an offset is what it says."""
    assert resolved(wall) == instant


def test_an_hour_that_comes_twice_asks_for_an_offset() -> None:
    """And offers both, as they would be written."""
    with pytest.raises(ValueError, match=r"2026-10-25T01:30 comes twice.*2026-10-25T01:30\+01:00 or .*01:30\+00:00$"):
        resolved("2026-10-25T01:30")


def test_an_hour_that_does_not_exist_asks_for_an_offset() -> None:
    """Between 01:00 and 02:00 on the morning the clocks go forward."""
    with pytest.raises(ValueError, match=r"2026-03-29T01:30 does not exist, because the clocks change: add an offset"):
        resolved("2026-03-29T01:30")


def test_the_offsets_offered_are_the_zone_s_own() -> None:
    """Half an hour apart on Lord Howe Island."""
    with pytest.raises(ValueError, match=r"01:45\+11:00 or .*01:45\+10:30$"):
        resolved("2026-04-05T01:45", ZoneInfo("Australia/Lord_Howe"))


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00", "9999-12-31T23:59:59", "9999-12-31T23:59-05:00", "0001-01-01T00:00+09:00"]
)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
def test_the_ends_of_all_years_are_told_in_words(text: str, zone: str) -> None:
    """A year that cannot be converted is a ValueError like any other, and one that can gives an aware datetime."""
    words = ""
    try:
        instant_on_wall(datetime.fromisoformat(text), ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    except ValueError as error:
        words = str(error)
    assert not words or words.endswith(" is out of range")


@given(st.datetimes(), st.sampled_from(["Europe/London", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]))
def test_a_time_that_is_taken_is_read_back_from_the_wall(wall: datetime, name: str) -> None:
    """Whatever is not refused is the one instant at which the wall shows that time."""
    zone = ZoneInfo(name)
    try:
        found = instant_on_wall(wall, zone)
    except ValueError:
        return
    assert found.astimezone(zone).replace(tzinfo=None, fold=0) == wall.replace(fold=0)
