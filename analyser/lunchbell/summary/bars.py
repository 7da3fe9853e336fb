"""The picture of the services: bars split by evidence, contacts beside them as a number, never as a length."""

from collections.abc import Iterator

from lunchbell.summary.english import a_few, number, some
from lunchbell.summary.figures import Figures, ServiceFigures
from lunchbell.summary.sentences import unit_of
from lunchbell.summary.svg import picture, rect, text

MOST = 12
"""Services drawn; the table has all."""


def bars(figures: Figures, *, narrow: bool = False) -> str:
    """Services as inline SVG; `narrow` for a telephone's width."""
    shown = drawn(figures)
    row, width = (58.0, 320.0) if narrow else (34.0, 760.0)
    return picture(
        "services-narrow" if narrow else "services",
        width,
        row * len(shown) + 4,
        bars_title(figures),
        " ".join(f"{service.name}: {_said(service, figures)}." for service in shown),
        _drawn(figures, shown, row, narrow),
        "narrow" if narrow else "wide",
    )


def drawn(figures: Figures) -> tuple[ServiceFigures, ...]:
    """The services in the picture."""
    return figures.services[:MOST]


def bars_title(figures: Figures) -> str:
    """The finding."""
    main, unit = figures.main, unit_of(figures)
    if not main.total:
        return f"No use was seen, only contacts with {a_few([s.name for s in figures.services])}"
    first = figures.services[0]
    here = sum(_parts(first, figures))
    published = sum(_parts(service, figures)[0] for service in figures.services)
    return (
        f"{first.name} had {number(here)} of {some(main.total, *unit)}; "
        f"{number(published)} {unit[published != 1]} published something"
    )


def _parts(service: ServiceFigures, figures: Figures) -> tuple[int, int]:
    if figures.in_visits:
        return service.published, service.opened
    return service.published_requests, service.opened_requests


def _said(service: ServiceFigures, figures: Figures) -> str:
    published, opened = _parts(service, figures)
    parts = []
    if published:
        parts.append(f"{number(published)} published")
    if opened:
        parts.append(f"{number(opened)} opened")
    if figures.in_visits and (unnamed := service.published_requests + service.opened_requests):
        parts.append(some(unnamed, "unnamed request"))
    if service.contacts:
        parts.append(some(service.contacts, "contact"))
    return ", ".join(parts)


def _drawn(figures: Figures, shown: tuple[ServiceFigures, ...], row: float, narrow: bool) -> Iterator[str]:
    longest = max([sum(_parts(service, figures)) for service in shown] or [0]) or 1
    left, room = (0.0, 316.0) if narrow else (142.0, 340.0)
    for index, service in enumerate(shown):
        top = index * row
        published, opened = _parts(service, figures)
        yield text(0, top + (15 if narrow else 21), service.name, "service")
        bar = top + (21 if narrow else 8)
        a, b = (part / longest * room for part in (published, opened))
        if published:
            yield rect(left, bar, max(a, 3), 16, "bar published")
        if opened:
            yield rect(left + (max(a, 3) + 1.5 if published else 0), bar, max(b, 2), 16, "bar opened")
        if not published and not opened:
            yield rect(left, bar + 2, 1.5, 12, "bar contact")
        end = left + (max(a, 3) if published else 0) + (max(b, 2) if opened else 0)
        x, y = (0.0, top + 50) if narrow else (end + 10, top + 21)
        yield text(x, y, _said(service, figures), "said")
