"""`lunchbell pause`: stops monitoring at once, everywhere."""

from pathlib import Path

import click

from lunchbell.cli.common import config_option, own_config_file
from lunchbell.settings.switch import is_paused, switch_file


@click.command()
@config_option
def pause(config: Path | None) -> None:
    """Stop monitoring at once: every proxy passes all traffic unopened and records nothing, until `lunchbell resume`.

    Run it where the analyser runs; proxies elsewhere hear of it within a second. The summary will name the pause.
    """
    path = own_config_file(config)
    if is_paused(path):
        click.echo("Monitoring is paused already.")
        return
    switch_file(path).touch()
    click.echo("Monitoring is paused. Go on with: lunchbell resume")
