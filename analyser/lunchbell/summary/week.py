"""ISO weeks in the school's own time zone, and how far one is through."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from lunchbell.policy.calendar import instant_ms


class State(StrEnum):
    """Whether a week is over at the instant a summary is made."""

    AHEAD = "ahead"
    SO_FAR = "so_far"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday to Sunday."""

    monday: date

    @classmethod
    def parse(cls, text: str) -> "Week":
        """From `2026-W47`; ValueError in plain words."""
        problem = f'week "{text}" is no ISO week; write it like 2026-W47'
        found = re.fullmatch(r"(\d{4})-W(\d{2})", text.strip(), re.ASCII)
        if found is None:
            raise ValueError(problem)
        year, number = int(found[1]), int(found[2])
        if not 1970 < year < 9999:
            raise ValueError(problem)
        try:
            return cls(date.fromisocalendar(year, number, 1))
        except ValueError:
            raise ValueError(f'week "{text}" does not exist: {year} has {_weeks(year)} weeks') from None

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> "Week":
        """The week of an aware instant, where the school is."""
        day = at.astimezone(zone).date()
        return cls(day - timedelta(days=day.weekday()))

    def __str__(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02}"

    @property
    def number(self) -> int:
        """47 of 2026-W47."""
        return self.monday.isocalendar().week

    @property
    def days(self) -> tuple[date, ...]:
        """Its seven days."""
        return tuple(self.monday + timedelta(days=n) for n in range(7))

    @property
    def before(self) -> "Week":
        """The week before."""
        return Week(self.monday - timedelta(weeks=1))

    @property
    def after(self) -> "Week":
        """The week after."""
        return Week(self.monday + timedelta(weeks=1))

    def span(self, zone: tzinfo) -> tuple[int, int]:
        """From midnight to midnight in the zone, milliseconds UTC, half-open."""
        return _midnight(self.monday, zone), _midnight(self.after.monday, zone)

    def state(self, now: datetime, zone: tzinfo) -> State:
        """Whether it is over at an aware instant."""
        start, end = self.span(zone)
        at = instant_ms(now)
        return State.AHEAD if at < start else State.SO_FAR if at < end else State.FINISHED

    @property
    def dates(self) -> str:
        """`16 to 22 November 2026`, `28 December 2026 to 3 January 2027`."""
        first, last = self.days[0], self.days[-1]
        head = f"{first.day}"
        if first.month != last.month:
            head += f" {first:%B}"
        if first.year != last.year:
            head += f" {first.year}"
        return f"{head} to {last.day} {last:%B} {last.year}"


def _weeks(year: int) -> int:
    return date(year, 12, 28).isocalendar().week


def _midnight(day: date, zone: tzinfo) -> int:
    return instant_ms(datetime.combine(day, time(), zone).astimezone(UTC))
