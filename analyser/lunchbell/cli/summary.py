"""`lunchbell summary`: a week in words, pictures or data."""

from pathlib import Path

import click

from lunchbell.cli.common import config_option, fail, load_settings, now
from lunchbell.store.schema import StoreError
from lunchbell.summary.data import as_csv, as_json
from lunchbell.summary.figures import Figures
from lunchbell.summary.text import as_text
from lunchbell.summary.week import Week
from lunchbell.web.weekly import week_figures


def as_html(figures: Figures) -> str:
    """One file that carries its style and fonts."""
    from lunchbell.web.html import summary_page  # jinja2 is not needed for the other formats

    return summary_page(figures, links=False)


FORMATS = {"text": as_text, "html": as_html, "csv": as_csv, "json": as_json}


@click.command()
@click.option("--week", default="", help="Such as 2026-W47. Default: the present week.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="A file to write to, instead of the terminal.")
@click.option("--db", type=click.Path(path_type=Path), help="The database. Default: the school's file's.")
@config_option
def summary(week: str, form: str, output: Path | None, db: Path | None, config: Path | None) -> None:
    """Write the weekly summary: what the policy permitted, what was outside it, and what cannot be known."""
    settings, at = load_settings(config), now()
    try:
        asked = Week.parse(week) if week else Week.of(at, settings.zone)
        found = week_figures(settings, db or settings.beside(settings.file.analyser.database), asked, at)
    except (ValueError, StoreError) as error:
        fail(str(error))
    if form == "text" and not found.recorded:
        click.echo(f"Nothing was recorded in week {asked.number}, {asked.dates}.")
        return
    written = FORMATS[form](found)
    if output is None:
        click.echo(written, nl=False)
        return
    try:
        output.write_text(written, encoding="utf-8", newline="")
    except OSError as error:
        fail(f"{output}: cannot be written ({error.strerror})")
