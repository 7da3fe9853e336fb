"""The figures behind the picture of the week: its days, its cells, and where each mark stands."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from lunchbell.policy.words import Outcome, Period
from lunchbell.summary.figures import Cell, Day, Mark, Use, of_requests, of_visit
from lunchbell.summary.sorting import SortedRows

Bands = tuple[tuple[int, Period], ...]


def days(rows: SortedRows) -> tuple[Day, ...]:
    """Monday to Sunday with the bells of the main timetable."""
    table = rows.main_timetable()
    bells = [(day, rows.settings.calendar.bells(day, table)) for day in rows.week.days]
    return tuple(
        Day(day, rung is not None, tuple(rung.periods()) if rung else ((0, Period.CLOSED),)) for day, rung in bells
    )


def silent_days(rows: SortedRows) -> tuple[date, ...]:
    """Working days that are over and have no row of any sort."""
    today = rows.now.astimezone(rows.settings.zone).date()
    heard = {rows.when(row)[0] for row in rows.everything}
    return tuple(day.date for day in days(rows) if day.worked and day.date < today and day.date not in heard)


def cells(rows: SortedRows) -> tuple[Cell, ...]:
    """Each period of each day that has something; in order."""
    use: defaultdict[tuple[date, Period], Use] = defaultdict(Use)
    contacts: Counter[tuple[date, Period]] = Counter()
    for visit in rows.visits:
        use[rows.local(visit.minute)[0], Period(visit.decisive.period)] += of_visit(visit.outcome)
    for row in rows.unnamed:
        use[rows.when(row)[0], Period(row.period)] += of_requests(Outcome(row.outcome), row.requests)
    for row in rows.contacts:
        contacts[rows.when(row)[0], Period(row.period)] += row.requests
    order = list(Period)
    keys = sorted(use.keys() | contacts.keys(), key=lambda key: (key[0], order.index(key[1])))
    return tuple(Cell(*key, use[key], contacts[key]) for key in keys)


def marks(rows: SortedRows) -> tuple[Mark, ...]:
    """One for each visit, and for each five minutes of unnamed use of a service in a group.

    Only what the bells drawn behind them judged: others would seem misplaced, and could point at a small group.
    """
    bells = {day.date: day.periods for day in days(rows)}
    named = [
        Mark(*place, visit.outcome, True)
        for visit in rows.visits
        if (place := _placed(bells, *rows.local(visit.minute), visit.decisive.period)) is not None
    ]
    unnamed = {
        (row.group, row.service, Mark(*place, Outcome(row.outcome), False))
        for row in rows.unnamed
        if (place := _placed(bells, *rows.when(row), row.period)) is not None
    }
    return tuple(sorted([*named, *(mark for _, _, mark in unnamed)]))


def _placed(bells: Mapping[date, Bands], day: date, minute: int, period: str) -> tuple[date, int] | None:
    """Rounded to five minutes, never back over a bell; None if the day's bells say another period."""
    begins, here = max(band for band in bells[day] if band[0] <= minute)
    return (day, max(minute // 5 * 5, begins)) if here == period else None


def ticks(rows: SortedRows) -> tuple[tuple[date, int], ...]:
    """Each five minutes with contacts."""
    return tuple(sorted({(day, minute // 5 * 5) for day, minute in map(rows.when, rows.contacts)}))
