"""From a school's calendar and bells to periods: UTC instant -> period, by binary search in a compiled timeline.

Every range is half-open, `start <= t < end`. A bell is a time on the clock on the wall: where the clocks change, the
wall decides, so an hour that comes twice is judged alike both times.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from lunchbell.policy.words import Period

MINUTE = 60_000
DAY = 24 * 60

Span = tuple[int, int]
"""Minutes after midnight, half-open."""


@dataclass(frozen=True, slots=True)
class Bells:
    """A working day: working time, and the breaks and lunches inside it."""

    work: Span
    breaks: tuple[Span, ...] = ()
    lunches: tuple[Span, ...] = ()

    def periods(self) -> list[tuple[int, Period]]:
        """(minute after midnight, period that begins), from midnight on, in order."""
        changes = {0: Period.BEFORE_WORK, self.work[0]: Period.WORK}
        inside = sorted(
            [(span, Period.BREAK) for span in self.breaks] + [(span, Period.LUNCH) for span in self.lunches]
        )
        for (start, end), period in inside:
            changes[start] = period
            changes[end] = Period.WORK
        changes[self.work[1]] = Period.AFTER_WORK
        if self.work[1] == DAY:
            del changes[DAY]
        return sorted(changes.items())

    def within(self, work: Span) -> "Bells":
        """The same bells on a day with other working time; what is left outside it drops."""
        return Bells(work, _clip(self.breaks, work), _clip(self.lunches, work))


def _clip(spans: Sequence[Span], work: Span) -> tuple[Span, ...]:
    clipped = ((max(start, work[0]), min(end, work[1])) for start, end in spans)
    return tuple((start, end) for start, end in clipped if start < end)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The bells of each weekday (0 is Monday); a weekday without bells is not worked.

    `usual` are the bells of a staff day that falls on such a weekday.
    """

    usual: Bells
    weekdays: Mapping[int, Bells]


@dataclass(frozen=True, slots=True)
class Range:
    """Days, both ends included, with the name people know them by."""

    first: date
    last: date
    name: str = ""

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day with bells of its own; None keeps the weekday's."""

    date: date
    work: Span | None = None
    breaks: tuple[Span, ...] | None = None
    lunches: tuple[Span, ...] | None = None
    timetable: str | None = None

    def bells(self, usual: Bells) -> Bells:
        """The day's bells, from the weekday's."""
        day = usual.within(self.work or usual.work)
        if self.breaks is not None:
            day = replace(day, breaks=self.breaks)
        if self.lunches is not None:
            day = replace(day, lunches=self.lunches)
        return day


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked, and by which bells, on each timetable."""

    zone: tzinfo
    timetables: Mapping[str, Timetable]
    terms: tuple[Range, ...] = ()
    closures: tuple[Range, ...] = ()
    bank_holidays: frozenset[date] = frozenset()
    staff_days: frozenset[date] = frozenset()
    special_days: tuple[SpecialDay, ...] = ()

    def works(self, day: date, timetable: str) -> bool:
        """A listed weekday in a term, not a closure, not a bank holiday; or a staff day."""
        return day in self.staff_days or (
            day.weekday() in self.timetables[timetable].weekdays
            and any(day in term for term in self.terms)
            and not any(day in closure for closure in self.closures)
            and day not in self.bank_holidays
        )

    def bells(self, day: date, timetable: str) -> Bells | None:
        """The bells of a day; None if it is closed."""
        if not self.works(day, timetable):
            return None
        table = self.timetables[timetable]
        bells = table.weekdays.get(day.weekday(), table.usual)
        for special in self.special_days:
            if special.date == day and special.timetable in (None, timetable):
                bells = special.bells(bells)
        return bells

    def worked_range(self) -> Range | None:
        """The first and last day that can be worked; None for a calendar without any."""
        days = [d for r in self.terms for d in (r.first, r.last)] + list(self.staff_days)
        return Range(min(days), max(days)) if days else None

    def timeline(self, timetable: str) -> "Timeline":
        """The whole calendar compiled for one timetable."""
        changes: list[tuple[int, Period]] = []
        worked = self.worked_range()
        for start, end, offset in self._constant_offsets(worked) if worked else ():
            day = (_EPOCH + timedelta(milliseconds=start + offset)).date()
            last = (_EPOCH + timedelta(milliseconds=end + offset - 1)).date()
            while day <= last:
                midnight = (day - _EPOCH.date()).days * DAY * MINUTE - offset
                bells = self.bells(day, timetable)
                for minute, period in bells.periods() if bells else [(0, Period.CLOSED)]:
                    at = midnight + minute * MINUTE
                    if at < end:
                        changes.append((max(at, start), period))
                day += timedelta(days=1)
            changes.append((end, Period.CLOSED))
        return Timeline.of(changes)

    def _constant_offsets(self, worked: Range) -> Iterator[tuple[int, int, int]]:
        """(from, to, offset from UTC), all in milliseconds: the stretches between two clock changes."""
        step = 6 * 60 * MINUTE
        start = _ms(worked.first) - 4 * step
        end = _ms(worked.last) + 9 * step
        here, offset = start, self._offset(start)
        while here < end:
            there = min(here + step, end)
            if self._offset(there) == offset:
                here = there
                continue
            low, high = here, there
            while high - low > MINUTE:
                middle = low + (high - low) // (2 * MINUTE) * MINUTE
                low, high = (middle, high) if self._offset(middle) == offset else (low, middle)
            yield start, high, offset
            start = here = high
            offset = self._offset(here)
        yield start, end, offset

    def _offset(self, at: int) -> int:
        offset = (_EPOCH + timedelta(milliseconds=at)).astimezone(self.zone).utcoffset()
        return int((offset or timedelta()).total_seconds() * 1000)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _ms(day: date) -> int:
    return (day - _EPOCH.date()).days * DAY * MINUTE


def instant_ms(at: datetime) -> int:
    """Milliseconds since 1970 in UTC of an aware datetime; ValueError if it has no zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return (at - _EPOCH) // timedelta(milliseconds=1)


def instant(ms: int) -> datetime:
    """The UTC datetime of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


@dataclass(frozen=True, slots=True)
class Timeline:
    """UTC instants (milliseconds) at which a period begins; before the first, the school is closed."""

    starts: tuple[int, ...] = ()
    periods: tuple[Period, ...] = field(default=(Period.CLOSED,))

    @classmethod
    def of(cls, changes: Sequence[tuple[int, Period]]) -> "Timeline":
        """From changes in order; one instant given twice takes its last period."""
        starts: list[int] = []
        periods: list[Period] = [Period.CLOSED]
        for at, period in changes:
            if starts and starts[-1] == at:
                starts.pop()
                periods.pop()
            if periods[-1] is not period:
                starts.append(at)
                periods.append(period)
        return cls(tuple(starts), tuple(periods))

    def period_at(self, ms: int) -> Period:
        """The period of an instant in milliseconds UTC."""
        return self.periods[bisect_right(self.starts, ms)]

    def left_within(self, ms: int, window: int) -> tuple[Period, ...]:
        """The periods that a bell ended in the `window` milliseconds up to `ms`, the latest first."""
        return self.periods[bisect_right(self.starts, ms - window) : bisect_right(self.starts, ms)][::-1]

    def changes_between(self, after: int, until: int) -> tuple[int, ...]:
        """The instants of the bells with `after < t <= until`."""
        return self.starts[bisect_right(self.starts, after) : bisect_right(self.starts, until)]
