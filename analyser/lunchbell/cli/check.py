"""`lunchbell check`: everything that is wrong with the school's files, and what to look at."""

import sys
from pathlib import Path

import click

from lunchbell.cli.common import config_option, load_settings
from lunchbell.settings.cases import failed_cases, groups_without_cases


@click.command()
@config_option
def check(config: Path | None) -> None:
    """Check the school's file and everything it names.

    Exit status 2: a file cannot be used, and every mistake is listed. 1: one of the school's own cases does not hold.
    """
    settings = load_settings(config)
    for warning in settings.warnings:
        click.echo(f"warning: {warning}")
    for group in groups_without_cases(settings):
        click.echo(f"warning: {settings.path.name}: groups.{group}: no policy case speaks of it; add one to [[cases]]")
    failed = failed_cases(settings)
    for failure in failed:
        click.echo(str(failure))
    domains, services = len(settings.catalogue.domains), len(settings.catalogue.services)
    size = f"{len(settings.groups)} groups; {services} services on {domains} domains"
    school = f"{settings.file.school.name}, policy {settings.policy.id}"
    click.echo(f"{settings.path.name}: {school}; {size}. {_cases(len(settings.file.cases), len(failed))}")
    sys.exit(1 if failed else 0)


def _cases(given: int, failed: int) -> str:
    if not given:
        return "It can be used."
    return f"{given - failed} of {given} cases hold. {'Some do not.' if failed else 'It can be used.'}"
