"""`lunchbell token`: tokens for feeds."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlite_utils import Database

from lunchbell.cli.common import config_option, fail, load_settings, now, own_config_file
from lunchbell.policy.calendar import instant_ms
from lunchbell.store.schema import StoreError, open_store
from lunchbell.store.tokens import create_token, list_tokens, revoke_token


@click.group()
def token() -> None:
    """Make, list and revoke the tokens by which proxies send their events."""


@token.command()
@click.argument("name")
@click.option("--output", type=click.Path(path_type=Path), help="Write the token to this file, readable by you alone.")
@config_option
def new(name: str, output: Path | None, config: Path | None) -> None:
    """Make a token for a feed; it is shown once and kept only as a hash."""
    if output and output.exists():
        fail(f"{output}: there is a file of that name already; choose another, or remove it")
    db = _store(config)
    try:
        with db.atomic():  # no token whose file could not be written
            made = create_token(db, name, "feed", instant_ms(now()))
            if output:
                with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(made + "\n")
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{output}: cannot be written ({error.strerror})")
    click.echo(f"The token of {name} is in {output}." if output else made)


@token.command("list")
@config_option
def list_all(config: Path | None) -> None:
    """List the tokens, never their values."""
    for name, purpose, created, revoked in list_tokens(_store(config)):
        state = f"revoked {_day(revoked)}" if revoked else "valid"
        click.echo(f"{name}  {purpose}  made {_day(created)}  {state}")


@token.command()
@click.argument("name")
@config_option
def revoke(name: str, config: Path | None) -> None:
    """End a token at once."""
    try:
        revoke_token(_store(config), name, instant_ms(now()))
    except ValueError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"The token of {name} is no longer accepted.")


def _store(config: Path | None) -> Database:
    settings = load_settings(own_config_file(config))
    try:
        return open_store(settings.beside(settings.file.analyser.database))
    except StoreError as error:
        fail(str(error))


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()
