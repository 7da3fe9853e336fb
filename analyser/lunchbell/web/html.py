"""Figures -> the page: on the analyser with its style sheet beside it, or as one file that carries all it needs."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lunchbell.policy.words import Outcome
from lunchbell.summary.bars import bars, bars_title, drawn
from lunchbell.summary.english import number
from lunchbell.summary.figures import Figures
from lunchbell.summary.sentences import cited, letter, unit_of
from lunchbell.summary.svg import mark
from lunchbell.summary.tables import tables
from lunchbell.summary.timetable import timetable, timetable_title

STATIC = Path(__file__).parent / "static"

_templates = Environment(
    loader=PackageLoader("lunchbell.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["number"] = number


def summary_page(figures: Figures, *, links: bool) -> str:
    """The weekly summary; `links` to the weeks before and after, else a file that stands alone."""
    show = not figures.limits.too_few
    return _render(
        "summary.html",
        figures=figures,
        letter=letter(figures),
        tables={table.name: table for table in tables(figures)},
        cited=cited(figures),
        unit=unit_of(figures),
        links=links,
        style=None if links else Markup(_style()),  # noqa: S704 - our own file
        keys={outcome.value: _key(outcome, figures) for outcome in Outcome if outcome is not Outcome.NOT_COVERED},
        week_title=timetable_title(figures),
        week_pictures=_pictures(timetable, figures) if show and (figures.marks or figures.ticks) else (),
        services_title=bars_title(figures) if figures.services else "",
        services_pictures=_pictures(bars, figures) if show and figures.services else (),
        more_services=len(figures.services) - len(drawn(figures)),
    )


def message_page(title: str, message: str) -> str:
    """A page that says one thing."""
    return _render("message.html", title=title, message=message, style=None)


def _render(name: str, **values: Any) -> str:
    return _templates.get_template(name).render(**values)


def _pictures(draw: Any, figures: Figures) -> tuple[Markup, Markup]:
    return Markup(draw(figures)), Markup(draw(figures, narrow=True))  # noqa: S704 - svg.py escapes


def _key(outcome: Outcome, figures: Figures) -> Markup:
    shape = mark(6, 6, outcome, 9, named=figures.in_visits)
    return Markup(f'<svg class="key" viewBox="0 0 12 12" aria-hidden="true">{shape}</svg>')  # noqa: S704 - no words in it


def _style() -> str:
    """The style sheet with its fonts inside."""
    css = (STATIC / "lunchbell.css").read_text()
    for font in (STATIC / "fonts").glob("*.woff2"):
        data = b64encode(font.read_bytes()).decode()
        css = css.replace(f"url(fonts/{font.name})", f"url(data:font/woff2;base64,{data})")
    return css
