"""The picture of the week: days across, time of day down, bells as bands, use as marks in them.

It shows an hour before the first bell to two after the last, so that weeks compare; what lies outside that is counted.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lunchbell.policy.calendar import DAY
from lunchbell.policy.words import Outcome, Period
from lunchbell.summary.english import WHEN, number, some, was
from lunchbell.summary.figures import Day, Figures, Mark
from lunchbell.summary.sentences import unit_of
from lunchbell.summary.svg import line, mark, picture, rect, text

SLOT = 15
"""Minutes: marks in one slot of a period stand side by side."""
HOUR = 58
MARK, STEP = 9.0, 11.5
BAND = {
    Period.BEFORE_WORK: "before",
    Period.WORK: "work",
    Period.BREAK: "break",
    Period.LUNCH: "lunch",
    Period.AFTER_WORK: "after",
    Period.CLOSED: "closed",
}
_ORDER = (Outcome.NOT_PERMITTED, Outcome.APPROVED, Outcome.PERMITTED)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things are: a gutter for the bells, then a column a day."""

    days: tuple[Day, ...]
    first: int
    last: int
    head: float
    gutter: float
    column: float

    def x(self, day: int) -> float:
        return self.gutter + day * self.column

    def y(self, minute: float) -> float:
        return self.head + (min(max(minute, self.first), self.last) - self.first) * HOUR / 60

    @property
    def width(self) -> float:
        return self.x(len(self.days))


def timetable(figures: Figures, *, narrow: bool = False) -> str:
    """The week as inline SVG; `narrow` for a telephone's width."""
    frame = _frame(figures, narrow)
    return picture(
        "week-narrow" if narrow else "week",
        frame.width,
        frame.y(frame.last) + 26,
        timetable_title(figures),
        _described(figures),
        _drawn(figures, frame, narrow),
        "narrow" if narrow else "wide",
    )


def timetable_title(figures: Figures) -> str:
    """The finding."""
    main, unit = figures.main, unit_of(figures)
    if not main.total:
        return "No use was seen in this week"
    if not main.outside:
        if main.total == 1:
            return f"The only {unit[0]} falls inside the rule"
        return f"All {some(main.total, *unit)} fall inside the rule"
    by_period: Counter[str] = Counter()
    for part in figures.outside:
        by_period[WHEN[part.period]] += part.visits if figures.in_visits else part.requests
    when, most = by_period.most_common(1)[0]
    if most == main.outside:
        return f"{'The' if most == 1 else 'All'} {some(most, *unit)} outside the rule {was(most)} {when}"
    return f"{number(most)} of the {some(main.outside, *unit)} outside the rule {was(most)} {when}"


def _described(figures: Figures) -> str:
    main = figures.main
    return (
        f"A timetable from Monday on. Of {some(main.total, *unit_of(figures))}, "
        f"{number(main.permitted)} were permitted, {number(main.approved)} approved "
        f"and {number(main.outside)} outside the rule. The table below has each day."
    )


def _frame(figures: Figures, narrow: bool) -> Frame:
    busy = {m.day for m in figures.marks} | {day for day, _ in figures.ticks}
    days = tuple(d for d in figures.days if d.worked or d.date in busy or d.date.weekday() < 5)
    bells = [minute for day in days if day.worked for minute, _ in day.periods if minute] or [9 * 60, 16 * 60]
    first, last = max(min(bells) - 60, 0), min(max(bells) + 120, DAY)
    gutter, whole = (76.0, 320.0) if narrow else (92.0, 760.0)
    column = (whole - gutter) / len(days)
    stacked = any(sum(_width(count) for count in _counts(figures, day.date).values() if count) > column for day in days)
    return Frame(days, first // 30 * 30, -(-last // 30) * 30, 84.0 if stacked else 56.0, gutter, column)


def _width(count: int) -> float:
    """Of a mark with its number in the head of a day."""
    return MARK + 10 + 7.5 * len(number(count))


def _drawn(figures: Figures, frame: Frame, narrow: bool) -> Iterator[str]:
    yield from _axis(frame)
    for index, day in enumerate(frame.days):
        yield from _head(figures, frame, index, day, narrow)
        yield from _bands(frame, index, day)
        yield from _ticks(figures, frame, index, day)
        yield from _marks(figures, frame, index, day)


def _axis(frame: Frame) -> Iterator[str]:
    """The bells of the first working day, each with the period it begins."""
    day = next((day for day in frame.days if day.worked), None)
    for minute, period in day.periods if day else ():
        at = max(minute, frame.first)
        words = "after" if period is Period.AFTER_WORK else BAND[period]
        label = words if minute == 0 else f"{minute // 60}:{minute % 60:02}"
        yield text(0, frame.y(at) + 10, label, "bell-time")
        if minute:
            yield text(39, frame.y(at) + 10, words, "bell-name")


def _head(figures: Figures, frame: Frame, index: int, day: Day, narrow: bool) -> Iterator[str]:
    x, y = frame.x(index) + 3, 34.0
    yield text(x, 16, f"{day.date:%a}" if narrow else f"{day.date:%a} {day.date.day}", "day")
    counts = _counts(figures, day.date)
    for outcome in reversed(_ORDER):
        if counts[outcome]:
            words = number(counts[outcome])
            yield mark(x + MARK / 2, y, outcome, MARK, named=figures.in_visits)
            yield text(x + MARK + 3, y + 4, words, "count small" if narrow else "count")
            x, y = (x, y + 15) if frame.head > 56 else (x + _width(counts[outcome]), y)


def _counts(figures: Figures, day: date) -> dict[Outcome, int]:
    cells = [cell.use for cell in figures.cells if cell.day == day]
    tallies = [use.visits if figures.in_visits else use.requests for use in cells]
    return {
        Outcome.PERMITTED: sum(tally.permitted for tally in tallies),
        Outcome.APPROVED: sum(tally.approved for tally in tallies),
        Outcome.NOT_PERMITTED: sum(tally.outside for tally in tallies),
    }


def _bands(frame: Frame, index: int, day: Day) -> Iterator[str]:
    x, width = frame.x(index), frame.column - 3
    ends = [minute for minute, _ in day.periods[1:]] + [DAY]
    for (start, period), end in zip(day.periods, ends, strict=True):
        if end > frame.first and start < frame.last:
            top, bottom = frame.y(start), frame.y(end)
            yield rect(x, top, width, bottom - top, f"band {BAND[period]}")
            if start > frame.first and period is not Period.BREAK:
                yield line(x, top, x + width, top, "bell")
    if not day.worked:
        yield text(x + width / 2, frame.y((frame.first + frame.last) / 2), "closed", "closed-word")


def _ticks(figures: Figures, frame: Frame, index: int, day: Day) -> Iterator[str]:
    right = frame.x(index) + frame.column - 4
    for when, minute in figures.ticks:
        if when == day.date and frame.first <= minute < frame.last:
            y = frame.y(minute) + 2.4
            yield line(right - min(8, frame.column / 8), y, right, y, "tick")


def _marks(figures: Figures, frame: Frame, index: int, day: Day) -> Iterator[str]:
    rows: defaultdict[tuple[int, int], list[Mark]] = defaultdict(list)
    early = late = 0
    for one in figures.marks:
        if one.day == day.date:
            early += one.minute < frame.first
            late += one.minute >= frame.last
            if frame.first <= one.minute < frame.last:
                rows[_slot(day, one.minute)].append(one)
    for (start, end), marks in sorted(rows.items()):
        yield from _row(marks, frame.x(index) + 4, (frame.y(start) + frame.y(end)) / 2, frame.column - 18)
    if early:
        yield text(frame.x(index) + 3, frame.head - 5, f"{early} earlier", "count small")
    if late:
        yield text(frame.x(index) + 3, frame.y(frame.last) + 14, f"{late} later", "count small")


def _slot(day: Day, minute: int) -> tuple[int, int]:
    """A quarter of an hour, counted from the bell before, so that no mark crosses a bell."""
    starts = [start for start, _ in day.periods]
    number_of = bisect_right(starts, minute)
    bell, following = starts[number_of - 1], starts[number_of] if number_of < len(starts) else DAY
    start = bell + (minute - bell) // SLOT * SLOT
    return start, min(start + SLOT, following)


def _row(marks: list[Mark], x: float, y: float, room: float) -> Iterator[str]:
    """Side by side if there is room; else one of each outcome with its number; else one of each."""
    if len(marks) * STEP <= room:
        ordered = sorted(marks, key=lambda one: (_ORDER.index(one.outcome), not one.named))
        for place, one in enumerate(ordered):
            yield mark(x + MARK / 2 + place * STEP, y, one.outcome, MARK, named=one.named)
        return
    present = [outcome for outcome in _ORDER if any(one.outcome is outcome for one in marks)]
    counts = [sum(one.outcome is outcome for one in marks) for outcome in present]
    widths = [STEP + 6.2 * len(str(count)) + 4 for count in counts]
    with_numbers = sum(widths) - 4 <= room + 12
    for outcome, count, width in zip(present, counts, widths, strict=True):
        named = any(one.named for one in marks if one.outcome is outcome)
        yield mark(x + MARK / 2, y, outcome, MARK, named=named)
        if with_numbers:
            yield text(x + STEP, y + 4, number(count), "count small")
        x += width if with_numbers else STEP
