"""`lunchbell resume`: monitoring goes on after `lunchbell pause`."""

from pathlib import Path

import click

from lunchbell.cli.common import config_option, own_config_file
from lunchbell.settings.switch import is_paused, switch_file


@click.command()
@config_option
def resume(config: Path | None) -> None:
    """Let monitoring go on after a pause."""
    path = own_config_file(config)
    if not is_paused(path):
        click.echo("Monitoring is not paused.")
        return
    switch_file(path).unlink(missing_ok=True)
    click.echo("Monitoring goes on.")
