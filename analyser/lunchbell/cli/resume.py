"""`lunchbell resume`: monitoring goes on after `lunchbell pause`."""

from pathlib import Path

import click

from lunchbell.cli.common import config_file, config_option
from lunchbell.settings.switch import is_paused, switch_file


@click.command()
@config_option
def resume(config: Path | None) -> None:
    """Let monitoring go on after a pause."""
    path = config_file(config)
    if not is_paused(path):
        click.echo("Monitoring is not paused.")
        return
    switch_file(path).unlink(missing_ok=True)
    click.echo("Monitoring goes on.")
