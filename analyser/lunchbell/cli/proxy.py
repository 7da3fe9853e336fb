"""`lunchbell proxy`: starts the proxy in its own process, so that the analyser never needs mitmproxy."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from lunchbell.cli.common import fail, own_config_file


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []})
@click.option("--config", type=click.Path(path_type=Path), help="The school's file.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def proxy(config: Path | None, options: tuple[str, ...]) -> None:
    """Run the proxy on school equipment; `lunchbell proxy --help` lists its options."""
    if find_spec("mitmproxy") is None:
        fail("the proxy needs mitmproxy; install it with: pip install 'lunchbell[proxy]'")
    given = [] if {"-h", "--help"} & set(options) else ["--config", str(own_config_file(config))]
    # This process becomes the proxy, so that a signal or a supervisor reaches it.
    os.execv(sys.executable, [sys.executable, "-m", "lunchbell_proxy", *given, *options])
