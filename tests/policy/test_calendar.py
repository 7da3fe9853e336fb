"""Calendar: from terms, bells and clocks to periods."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.oracle import period_of
from tests.policy.schools import (
    ANCHORS,
    LONDON,
    PLACES,
    TEACHERS,
    WEEK,
    at,
    bells,
    calendars,
    instants,
    moment,
    school_calendar,
    span,
)

from lunchbell.policy.calendar import MINUTE, Range, SpecialDay, Timeline, Timetable, instant, instant_ms
from lunchbell.policy.words import Period

MONDAY = "2026-11-16"


def period(text: str, timetable: str = "teachers", **changes: object) -> Period:
    """The period at a time on the school's wall."""
    calendar = school_calendar(**changes)
    zone = calendar.zone
    assert isinstance(zone, ZoneInfo)
    return calendar.timeline(timetable).period_at(at(text, zone))


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("00:00", "before_work"),
        ("08:29:59.999", "before_work"),
        ("08:30", "work"),
        ("10:39:59.999", "work"),
        ("10:40", "break"),
        ("10:54:59.999", "break"),
        ("10:55", "work"),
        ("12:05", "lunch"),
        ("12:59:59.999", "lunch"),
        ("13:00", "work"),
        ("15:59:59.999", "work"),
        ("16:00", "after_work"),
        ("23:59:59.999", "after_work"),
    ],
)
def test_a_bell_belongs_to_what_begins(clock: str, expected: str) -> None:
    """Every range of a working day is half-open, to the millisecond."""
    assert period(f"{MONDAY}T{clock}") == expected


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-11-14", False),  # a Saturday
        ("2026-09-02", False),  # the day before term
        ("2026-09-03", True),
        ("2026-12-18", True),
        ("2026-12-21", False),  # the Monday after term
        ("2026-10-23", True),
        ("2026-10-26", False),  # half-term's first day
        ("2026-10-30", False),  # and its last
        ("2026-11-02", True),
        ("1999-01-04", False),
        ("2199-01-07", False),
    ],
)
def test_days_without_work_are_closed(day: str, open_: bool) -> None:
    """Weekends, holidays and closures are closed all day, both ends of a range included."""
    assert (period(f"{day}T12:20") is Period.LUNCH) is open_
    assert (period(f"{day}T03:00") is Period.CLOSED) is not open_


def test_a_bank_holiday_in_term_is_closed() -> None:
    """A listed weekday in a term that is a bank holiday is not worked."""
    assert period(f"{MONDAY}T12:20", bank_holidays=frozenset({date(2026, 11, 16)})) is Period.CLOSED


@pytest.mark.parametrize("day", ["2026-09-02", "2026-10-27", "2027-02-01", MONDAY])
def test_a_staff_day_is_worked_wherever_it_lies(day: str) -> None:
    """Before the first term, in a closure, after the last term, on a bank holiday."""
    staff_day = date.fromisoformat(day)
    changes = {"staff_days": frozenset({staff_day}), "bank_holidays": frozenset({staff_day})}
    assert period(f"{day}T12:20", **changes) is Period.LUNCH


def test_a_staff_day_on_an_unlisted_weekday_has_the_usual_bells() -> None:
    """A Saturday that staff work follows the timetable's own bells."""
    assert period("2026-11-14T10:45", staff_days=frozenset({date(2026, 11, 14)})) is Period.BREAK


def test_a_calendar_without_days_is_always_closed() -> None:
    """No term and no staff day: closed at any time, and nothing to search."""
    timeline = school_calendar(terms=()).timeline("teachers")
    assert timeline == Timeline()
    assert timeline.period_at(at("2026-11-16T12:20")) is Period.CLOSED


def test_two_timetables_ring_apart() -> None:
    """12:20 is lunch for teachers and work in the office."""
    assert period(f"{MONDAY}T12:20", "teachers") is Period.LUNCH
    assert period(f"{MONDAY}T12:20", "office") is Period.WORK


def test_a_weekday_may_differ() -> None:
    """Friday ends at 15:30 while Thursday ends at 16:00."""
    short = bells("08:30-15:30", "10:40-10:55", "12:05-13:00")
    tables = {"teachers": Timetable(TEACHERS, dict.fromkeys(WEEK, TEACHERS) | {4: short})}
    assert period("2026-11-20T15:30", timetables=tables) is Period.AFTER_WORK
    assert period("2026-11-19T15:30", timetables=tables) is Period.WORK


def test_several_breaks_and_lunches_that_touch() -> None:
    """A break that turns into lunch, two lunches in a row, and a lunch that ends with work."""
    table = bells("08:00-13:00", "10:00-10:15 10:15-10:30", "10:30-11:00 12:00-13:00")
    tables = {"teachers": Timetable(table, dict.fromkeys(WEEK, table))}
    clocks = ("09:59", "10:15", "10:29", "10:30", "11:00", "12:59", "13:00")
    found = [period(f"{MONDAY}T{clock}", timetables=tables).value for clock in clocks]
    assert found == ["work", "break", "break", "lunch", "work", "lunch", "after_work"]


@pytest.mark.parametrize(
    ("work", "midnight", "evening"),
    [("00:00-12:00", "work", "after_work"), ("12:00-24:00", "before_work", "work"), ("00:00-24:00", "work", "work")],
)
def test_work_may_reach_midnight(work: str, midnight: str, evening: str) -> None:
    """Bells at 00:00 and 24:00 neither vanish nor spill into the next day."""
    table = bells(work)
    tables = {"teachers": Timetable(table, {0: table})}
    assert period(f"{MONDAY}T00:00", timetables=tables) == midnight
    assert period(f"{MONDAY}T23:59:59.999", timetables=tables) == evening
    assert period("2026-11-17T00:00", timetables=tables) is Period.CLOSED


class TestSpecialDays:
    """One day with bells of its own."""

    def test_bells_left_outside_work_drop(self) -> None:
        """Work ends at 12:30: lunch from 12:05 is cut there, and the afternoon is free."""
        special = (SpecialDay(date(2026, 12, 18), work=span("08:30-12:30")),)
        assert period("2026-12-18T12:20", special_days=special) is Period.LUNCH
        assert period("2026-12-18T12:30", special_days=special) is Period.AFTER_WORK
        assert period("2026-12-17T12:30", special_days=special) is Period.LUNCH

    def test_an_empty_lunch_takes_lunch_away(self) -> None:
        """`lunch = []` is no lunch, while a lunch that is not given is the weekday's."""
        special = (SpecialDay(date(2026, 12, 18), lunches=()),)
        assert period("2026-12-18T12:20", special_days=special) is Period.WORK
        assert period("2026-12-18T10:45", special_days=special) is Period.BREAK

    def test_it_may_be_for_one_timetable(self) -> None:
        """The office works on as usual."""
        special = (SpecialDay(date(2026, 12, 18), work=span("08:30-12:00"), timetable="teachers"),)
        assert period("2026-12-18T14:00", special_days=special) is Period.AFTER_WORK
        assert period("2026-12-18T14:00", "office", special_days=special) is Period.WORK

    def test_it_beats_the_weekday(self) -> None:
        """A Friday that is short by itself gets the special day's hours."""
        short = bells("08:30-12:00")
        tables = {"teachers": Timetable(TEACHERS, {4: short})}
        special = (SpecialDay(date(2026, 12, 18), work=span("08:30-18:00")),)
        assert period("2026-12-18T17:00", timetables=tables, special_days=special) is Period.WORK

    def test_it_does_not_open_a_closed_day(self) -> None:
        """Bells alone make nobody work: that takes a staff day."""
        special = (SpecialDay(date(2026, 12, 19), work=span("08:30-12:00")),)
        assert period("2026-12-19T09:00", special_days=special) is Period.CLOSED
        worked = period("2026-12-19T09:00", special_days=special, staff_days=frozenset({date(2026, 12, 19)}))
        assert worked is Period.WORK


def sundays(zone: ZoneInfo, *days: str, **changes: object) -> Timeline:
    """The timeline of a school that works on these days, with the teachers' bells, unless changed."""
    staff_days = frozenset(map(date.fromisoformat, days))
    return school_calendar(zone=zone, terms=(), staff_days=staff_days, **changes).timeline("teachers")


class TestClockChanges:
    """The wall decides, also on the two weekends a year when it jumps."""

    def test_lunch_follows_the_wall_over_both_weekends(self) -> None:
        """12:20 in London is 12:20 UTC in winter and 11:20 UTC in summer."""
        days = ("2026-03-27", "2026-03-30", "2026-10-23", "2026-10-26")
        timeline = sundays(LONDON, *days)
        lunches = [timeline.period_at(at(f"{day}T12:20:00+00:00")) is Period.LUNCH for day in days]
        an_hour_earlier = [timeline.period_at(at(f"{day}T11:20:00+00:00")) is Period.LUNCH for day in days]
        assert lunches == [True, False, False, True]
        assert an_hour_earlier == [False, True, True, False]

    def test_an_hour_that_comes_twice_is_judged_alike_both_times(self) -> None:
        """A break at 01:20-01:40 on the night the clocks go back is had twice."""
        night = bells("01:00-06:00", "01:20-01:40")
        timeline = sundays(LONDON, "2026-10-25", timetables={"teachers": Timetable(night, {6: night})})
        for offset in ("+01:00", "+00:00"):
            clocks = ("01:00", "01:19", "01:20", "01:39", "01:40", "01:59")
            found = [timeline.period_at(at(f"2026-10-25T{clock}{offset}")).value for clock in clocks]
            assert found == ["work", "work", "break", "break", "work", "work"]

    def test_a_bell_in_the_hour_that_does_not_exist_rings_as_it_ends(self) -> None:
        """Work from 01:30 begins at 02:00 on the night the clocks go forward, the first minute after 00:59."""
        night = bells("01:30-06:00")
        timeline = sundays(LONDON, "2026-03-29", timetables={"teachers": Timetable(night, {6: night})})
        assert timeline.period_at(at("2026-03-29T00:59:59.999+00:00")) is Period.BEFORE_WORK
        assert timeline.period_at(at("2026-03-29T02:00:00+01:00")) is Period.WORK

    def test_a_break_wholly_inside_that_hour_is_never_had(self) -> None:
        """No instant of the day is in it."""
        night = bells("00:30-06:00", "01:10-01:50")
        timeline = sundays(LONDON, "2026-03-29", timetables={"teachers": Timetable(night, {6: night})})
        assert Period.BREAK not in timeline.periods

    def test_half_an_hour(self) -> None:
        """On Lord Howe Island 01:30-02:00 comes twice, and the offset on the wall is half an hour less."""
        zone = ZoneInfo("Australia/Lord_Howe")
        night = bells("01:00-06:00", "01:30-01:40")
        timeline = sundays(zone, "2026-04-05", timetables={"teachers": Timetable(night, {6: night})})
        for clock in ("01:35+11:00", "01:35+10:30"):
            assert timeline.period_at(at(f"2026-04-05T{clock}")) is Period.BREAK
        assert timeline.period_at(at("2026-04-05T02:05+10:30")) is Period.WORK

    def test_a_day_that_begins_at_one(self) -> None:
        """In São Paulo in 2018 the clocks went from midnight to 01:00."""
        timeline = sundays(ZoneInfo("America/Sao_Paulo"), "2018-11-04")
        begins = at("2018-11-04T03:00+00:00")
        assert timeline.period_at(begins - 1) is Period.CLOSED
        assert timeline.period_at(begins) is Period.BEFORE_WORK

    @pytest.mark.parametrize("day", ANCHORS["Europe/London"][:2], ids=["forward", "back"])
    def test_every_minute_of_both_weekends(self, day: date) -> None:
        """From Friday to Monday, minute by minute, against the wall."""
        night = bells("00:05-23:30", "01:10-01:20 01:50-02:10", "02:30-03:00")
        table = Timetable(night, dict.fromkeys(range(7), night))
        calendar = school_calendar(terms=(Range(date(2026, 1, 1), date(2026, 12, 31)),), timetables={"t": table})
        timeline = calendar.timeline("t")
        start = at(f"{day - timedelta(2)}T00:00+00:00")
        wrong = [
            moment(ms).isoformat()
            for ms in range(start, start + 4 * 1440 * MINUTE, MINUTE)
            if timeline.period_at(ms) is not period_of(calendar, "t", ms)
        ]
        assert wrong == []


@given(st.data())
def test_any_calendar_agrees_with_the_wall(data: st.DataObject) -> None:
    """Any timetable, term, closure, staff day and special day, in seven time zones, near the days that are odd."""
    zone, day = data.draw(st.sampled_from(PLACES))
    calendar = data.draw(calendars(zone, day))
    for timetable in calendar.timetables:
        timeline = calendar.timeline(timetable)
        for ms in data.draw(st.lists(instants(zone, day, calendar), min_size=5, max_size=30)):
            assert timeline.period_at(ms) is period_of(calendar, timetable, ms), moment(ms).astimezone(zone)


@given(st.data())
def test_a_timeline_changes_at_every_bell(data: st.DataObject) -> None:
    """Bells are in order, none repeats the period before it, and it ends closed."""
    zone, day = data.draw(st.sampled_from(PLACES))
    calendar = data.draw(calendars(zone, day))
    timeline = calendar.timeline("one")
    assert list(timeline.starts) == sorted(set(timeline.starts))
    assert len(timeline.periods) == len(timeline.starts) + 1
    assert all(a is not b for a, b in zip(timeline.periods, timeline.periods[1:], strict=False))
    assert timeline.periods[0] is timeline.periods[-1] is Period.CLOSED


class TestTimeline:
    """Searching a compiled timeline."""

    line = Timeline.of([(10, Period.WORK), (20, Period.LUNCH), (30, Period.WORK), (40, Period.WORK)])

    def test_a_change_to_the_same_period_is_no_bell(self) -> None:
        """The last change of four repeats the one before it."""
        assert self.line.starts == (10, 20, 30)

    def test_the_last_of_two_changes_at_one_instant_counts(self) -> None:
        """Also where it undoes the first of them."""
        line = Timeline.of(
            [(10, Period.WORK), (20, Period.LUNCH), (20, Period.BREAK), (30, Period.LUNCH), (30, Period.BREAK)]
        )
        assert line.starts == (10, 20)
        assert line.periods == (Period.CLOSED, Period.WORK, Period.BREAK)

    def test_bells_between_two_instants(self) -> None:
        """The first instant is left out and the last one counts."""
        assert self.line.changes_between(10, 30) == (20, 30)
        assert self.line.changes_between(9, 29) == (10, 20)
        assert self.line.changes_between(30, 99) == ()

    def test_periods_that_ended_lately(self) -> None:
        """The latest first; a bell exactly the window ago no longer counts, one at the instant itself does."""
        assert self.line.left_within(30, 10) == (Period.LUNCH,)
        assert self.line.left_within(30, 11) == (Period.LUNCH, Period.WORK)
        assert self.line.left_within(29, 9) == ()
        assert self.line.left_within(30, 0) == ()


def test_an_instant_without_a_zone_is_refused() -> None:
    """The core never guesses a zone."""
    with pytest.raises(ValueError, match="2026-11-16T12:20:00 has no time zone"):
        instant_ms(datetime(2026, 11, 16, 12, 20))  # noqa: DTZ001


@given(st.datetimes(timezones=st.timezones()))
def test_instants_survive_milliseconds(at_: datetime) -> None:
    """There and back loses less than a millisecond, and never goes forward over a bell."""
    assert timedelta(0) <= at_ - instant(instant_ms(at_)) < timedelta(milliseconds=1)
    assert instant(instant_ms(at_)).tzinfo is UTC
