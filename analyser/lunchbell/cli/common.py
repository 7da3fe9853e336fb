"""What the commands share: where the school's file is, and how a mistake is told."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from lunchbell.settings import Settings, SettingsError, load
from lunchbell.settings.places import example_file

DEFAULT_CONFIG = Path("lunchbell.toml")

Command = TypeVar("Command", bound=Callable[..., Any])


def config_option(command: Command) -> Command:
    """Adds `--config FILE`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="The school's file. Default: lunchbell.toml here, else the packaged example.",
    )(command)


def config_file(config: Path | None) -> Path:
    """The school's file to use; says so on stderr when it is the packaged example."""
    if config:
        return config
    if DEFAULT_CONFIG.exists():
        return DEFAULT_CONFIG
    click.echo(
        "No lunchbell.toml here: using the packaged example school. Write yours with `lunchbell init`.", err=True
    )
    return example_file()


def own_config_file(config: Path | None) -> Path:
    """The school's own file, for commands that keep things beside it: the example will not do."""
    path = config or DEFAULT_CONFIG
    if not path.exists():
        fail(f"{path}: there is no such file; write it with `lunchbell init`, or name yours with --config")
    return path


def load_settings(config: Path | None, policy: str = "") -> Settings:
    """The settings; every mistake on stderr and exit 2 if they cannot be used."""
    path = config_file(config)
    try:
        return load(path, today=now().date(), policy=policy)
    except SettingsError as error:
        tell_problems(error)


def tell_problems(error: SettingsError) -> NoReturn:
    """One line a mistake, and exit 2."""
    for problem in error.problems:
        click.echo(f"{'warning: ' if problem.warning else ''}{problem}", err=True)
    sys.exit(2)


def fail(message: str) -> NoReturn:
    """One clear sentence on stderr, exit 2."""
    click.echo(message, err=True)
    sys.exit(2)


def now() -> datetime:
    """The present instant; commands are where time enters, nothing below them asks for it."""
    return datetime.now(UTC)
