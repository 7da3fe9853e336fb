"""The tables under the pictures, and the rows of the files: the same figures, in order."""

from collections.abc import Iterator
from dataclasses import dataclass

from lunchbell.plain_words import PERIODS
from lunchbell.policy.words import Period
from lunchbell.summary.english import OUTCOMES, OUTSIDE, THINGS, weekday
from lunchbell.summary.figures import Figures, Use

Row = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, the headings, the rows; texts come first, numbers after."""

    name: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def tables(figures: Figures) -> tuple[Table, ...]:
    """All that have a row; none but the totals where too few people are covered."""
    if figures.limits.too_few:
        return ()
    made = (week(figures), periods(figures), published(figures), services(figures), groups(figures))
    return tuple(table for table in made if table.rows)


def week(figures: Figures) -> Table:
    """Day by day."""
    rows: list[Row] = []
    for day in figures.days:
        cells = [cell for cell in figures.cells if cell.day == day.date]
        use = sum((cell.use for cell in cells), Use())
        contacts = sum(cell.contacts for cell in cells)
        if day.worked or contacts or use != Use():
            rows.append((weekday(day.date), *_numbers(figures, use), contacts))
    return Table("week", "The week, day by day", ("Day", *_headings(figures), "Contacts"), tuple(rows))


def periods(figures: Figures) -> Table:
    """Each period of the day, over the week."""
    rows: list[Row] = []
    for period in Period:
        cells = [cell for cell in figures.cells if cell.period is period]
        if cells:
            use = sum((cell.use for cell in cells), Use())
            name = PERIODS[period].capitalize()
            rows.append((name, *_numbers(figures, use), sum(cell.contacts for cell in cells)))
    return Table("periods", "The times of day", ("Period", *_headings(figures), "Contacts"), tuple(rows))


def published(figures: Figures) -> Table:
    """What was published."""
    rows: list[Row] = []
    for thing in figures.published:
        said = OUTSIDE[thing.reason] if thing.reason else OUTCOMES[thing.outcome]
        clause = figures.clauses.get(thing.clause)
        cited = (clause.label or clause.heading) if clause and thing.reason else ""
        what = THINGS[thing.activity][thing.count != 1].capitalize()
        rows.append((what, thing.service, PERIODS[thing.period], said, cited, thing.count))
    headings = ("What", "Service", "Period", "Outcome", "Clause", "Number")
    return Table("published", "What was published", headings, tuple(rows))


def services(figures: Figures) -> Table:
    """Each service, by evidence."""
    unnamed = figures.use.requests.total > 0
    rows: tuple[Row, ...] = tuple(
        (
            service.name,
            service.published,
            service.opened,
            *((service.published_requests, service.opened_requests) if unnamed else ()),
            service.contacts,
        )
        for service in figures.services
    )
    more = ("Unnamed requests that published", "Unnamed requests that opened") if unnamed else ()
    headings = ("Service", "Visits that published", "Visits that only opened", *more, "Contacts")
    return Table("services", "Services by evidence", headings, rows)


def groups(figures: Figures) -> Table:
    """Groups of five people or more."""
    rows: tuple[Row, ...] = tuple(
        (group.id or "smaller groups", *_numbers(figures, group.use)) for group in figures.groups
    )
    return Table("groups", "Use by group", ("Group", *_headings(figures)), rows)


def _headings(figures: Figures) -> Iterator[str]:
    if figures.in_visits:
        yield from ("Visits", "Permitted", "Approved", "Outside")
    if figures.use.requests.total:
        yield from ("Unnamed requests", "of them outside")


def _numbers(figures: Figures, use: Use) -> Iterator[int]:
    if figures.in_visits:
        yield from (use.visits.total, use.visits.permitted, use.visits.approved, use.visits.outside)
    if figures.use.requests.total:
        yield from (use.requests.total, use.requests.outside)
