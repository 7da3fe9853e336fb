"""The summary for a terminal or a plain mail: the letter, the week as a grid, services as bars."""

from collections.abc import Iterator
from datetime import date
from textwrap import wrap

from lunchbell.plain_words import PERIODS
from lunchbell.policy.words import Period
from lunchbell.summary.bars import MOST
from lunchbell.summary.english import number
from lunchbell.summary.figures import Figures, ServiceFigures, Tally
from lunchbell.summary.sentences import cited, letter

WIDTH = 78
SHAPES = "● permitted   ■ approved   ◆ outside"


def as_text(figures: Figures) -> str:
    """Plain text, 78 columns wide."""
    return "\n".join(_lines(figures)) + "\n"


def _lines(figures: Figures) -> Iterator[str]:
    said = letter(figures)
    yield f"{figures.school}: week {figures.week.number}, {figures.week.dates}"
    yield "─" * WIDTH
    yield from _paragraph(said.state)
    yield ""
    yield from _paragraph(" ".join((said.headline, *said.opening)))
    if figures.main.total and not figures.limits.too_few:
        yield ""
        yield from _grid(figures)
    if not figures.limits.too_few:
        yield from _section("Outside", said.outside)
        yield from _section("Published", said.published)
        yield from _bars(figures)
        yield from _section("", said.services)
        yield from _groups(figures)
    yield from _section("", said.groups)
    yield from _section("Apart from use", said.apart)
    yield from _section("What these figures cannot show", said.limits)
    yield from _section("The clauses", [f"{name}: {summary}" for name, summary in cited(figures)])


def _paragraph(words: str, indent: str = "") -> list[str]:
    return wrap(words, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def _section(title: str, sentences: list[str] | tuple[str, ...]) -> Iterator[str]:
    if title and sentences:
        yield ""
        yield title
    for sentence in sentences:
        yield from wrap(sentence, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def _grid(figures: Figures) -> Iterator[str]:
    """Days across, periods down; each cell says how many of which outcome."""
    days = [day for day in figures.days if day.worked or any(cell.day == day.date for cell in figures.cells)]
    cells = {(cell.day, cell.period): cell.use for cell in figures.cells}
    used = [period for period in Period if any((day.date, period) in cells for day in days)]

    def said(day: date, period: Period) -> str:
        use = cells.get((day, period))
        return _shapes((use.visits if figures.in_visits else use.requests) if use else Tally())

    rows = [[said(day.date, period) for day in days] for period in used]
    column = max([len(cell) for row in rows for cell in row] + [8]) + 2
    yield (" " * 20 + "".join(f"{day.date:%a} {day.date.day}".ljust(column) for day in days)).rstrip()
    for period, row in zip(used, rows, strict=True):
        yield f"{PERIODS[period].capitalize():<20}{''.join(cell.ljust(column) for cell in row)}".rstrip()
    yield ""
    yield f"{'':20}{SHAPES} ({'visits' if figures.in_visits else 'unnamed requests'})"


def _shapes(tally: Tally) -> str:
    parts = (("●", tally.permitted), ("■", tally.approved), ("◆", tally.outside))
    return " ".join(f"{shape}{number(count)}" for shape, count in parts if count) or "·"


def _bars(figures: Figures) -> Iterator[str]:
    """Published, then opened, on one scale; contacts only as a number."""
    shown = figures.services[:MOST]
    if not shown:
        return
    yield ""
    yield "Services"
    longest = max(sum(_parts(service, figures)) for service in shown) or 1
    for service in shown:
        published, opened = _parts(service, figures)
        full, light = (-(-part * 24 // longest) for part in (published, opened))
        said = [f"{number(count)} {word}" for count, word in ((published, "published"), (opened, "opened")) if count]
        if service.contacts:
            said.append(f"{number(service.contacts)} contact{'s' if service.contacts > 1 else ''}")
        yield f"  {service.name[:18]:<18}  {'█' * full}{'░' * light}{' ' if full + light else ''}{', '.join(said)}"
    if len(figures.services) > MOST:
        yield f"  and {len(figures.services) - MOST} more services, in --format csv"


def _parts(service: ServiceFigures, figures: Figures) -> tuple[int, int]:
    if figures.in_visits:
        return service.published, service.opened
    return service.published_requests, service.opened_requests


def _groups(figures: Figures) -> Iterator[str]:
    if not figures.groups:
        return
    yield ""
    yield "Groups"
    for group in figures.groups:
        tally = group.use.visits if figures.in_visits else group.use.requests
        yield f"  {group.id or 'smaller groups':<18}  {_shapes(tally)}  of {number(tally.total)}"
