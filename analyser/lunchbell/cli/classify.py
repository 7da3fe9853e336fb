"""`lunchbell classify`: which service does a host belong to."""

import sys

import click
import orjson

from lunchbell.cli.common import tell_problems
from lunchbell.policy.hosts import host_of
from lunchbell.settings import SettingsError, shipped_catalogue


@click.command()
@click.argument("inputs", nargs=-1, metavar="[HOST|URL]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an input.")
def classify(inputs: tuple[str, ...], as_json: bool) -> None:
    """Name the service of hosts or URLs; reads standard input, one a line, if none is given."""
    try:
        services = shipped_catalogue()
    except SettingsError as error:
        tell_problems(error)
    for given in inputs or (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer if line.strip()):
        text = given.encode("utf-8", "replace").decode()  # an argument that is not UTF-8 has lone surrogates
        service = services.service_of(host_of(text))
        if as_json:
            found = {
                "input": text,
                "service": service.id if service else None,
                "kind": service.kind if service else None,
            }
            sys.stdout.write(orjson.dumps(found).decode() + "\n")
        elif service:
            sys.stdout.write(f"{text}: {service.name} ({service.id}, {service.kind})\n")
        else:
            sys.stdout.write(f"{text}: not social media that Lunchbell knows\n")
