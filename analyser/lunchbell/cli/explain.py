"""`lunchbell explain`: why this verdict."""

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import orjson

from lunchbell.cli.common import config_file, config_option, fail, load_settings, now
from lunchbell.explain import Answer, Question, answer, explanation
from lunchbell.settings import Settings, SettingsError, load


@click.command()
@click.argument("source", required=False, metavar="[-]")
@click.option(
    "--at", default="", help="When, such as 2026-11-16T12:20 (the school's own time unless it has an offset)."
)
@click.option("--client", default="", help="The device's address; its group is looked up.")
@click.option("--user", default="", help="The person's user name, if known.")
@click.option("--network", default="school", show_default=True, help="school, elsewhere or unknown.")
@click.option("--method", default="GET", show_default=True, help="GET, POST, ...; CONNECT is a tunnel to host:443.")
@click.option("--url", default="", help="The address that was requested.")
@click.option("--form", default="", help="The body: urlencoded, or JSON if it starts with a brace.")
@click.option("--dest", default="", help="Sec-Fetch-Dest, such as document.")
@click.option("--site", default="", help="Sec-Fetch-Site, such as none or cross-site.")
@click.option("--origin", default="", help="Origin or Referer: the page the request came from.")
@click.option("--policy", default="", help="Judge by this policy instead of the file's.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a request.")
@config_option
def explain(source: str | None, policy: str, as_json: bool, config: Path | None, **asked: str) -> None:
    """Judge one described request and say what decided.

    `lunchbell explain - --json` reads JSON Lines whose keys are the option names, and answers a line for each.
    """
    if source == "-":
        sys.exit(_stream(config_file(config), policy))
    if source:
        fail(
            f'What is "{source}"? Describe the request by options, or read JSON Lines with: lunchbell explain - --json'
        )
    for needed in ("at", "client", "url"):
        if not asked[needed]:
            fail(
                f"--{needed} is missing. Try: lunchbell explain --at 2026-11-16T12:20 --client 10.40.1.17 --url https://x.com/"
            )
    settings = load_settings(config, policy)
    try:
        found = answer(settings, Question(**asked))
    except ValueError as error:
        fail(str(error))
    if as_json:
        click.echo(orjson.dumps(contract(settings, found)))
    else:
        click.echo(explanation(settings, found))


def contract(settings: Settings, found: Answer) -> dict[str, Any]:
    """The JSON keys that DESIGN.md section 6 promises."""
    service, verdict = found.service, found.verdict
    return {
        "at": found.at.isoformat(),
        "period": verdict.period,
        "group": found.group.id,
        "service": service.id if service else None,
        "kind": service.kind if service else None,
        "activity": found.activity,
        "evidence": service.evidence_of(found.activity) if service and found.activity else None,
        "outcome": verdict.outcome,
        "rule": verdict.rule or None,
        "clause": verdict.clause or None,
        "policy": settings.fingerprint,
        "until": found.until.astimezone(settings.zone).isoformat() if found.until else None,
    }


def _stream(config: Path, policy: str) -> int:
    """Answer JSON Lines from stdin; a line that cannot be understood is answered with its error, and the exit is 2."""
    settings = {policy: load_settings(config, policy)}
    known = {f.name for f in fields(Question)}
    status = 0
    for number, line in enumerate(_lines(), 1):
        try:
            asked = orjson.loads(line)
            if not (isinstance(asked, dict) and all(isinstance(v, str) for v in asked.values())):
                raise ValueError("should be an object whose values are text")
            chosen = asked.pop("policy", "") or policy
            if unknown := sorted(asked.keys() - known):
                raise ValueError(f"unknown key {', '.join(unknown)}; use {', '.join(sorted(known))}, policy")
            if missing := sorted({"at", "client", "url"} - asked.keys()):
                raise ValueError(f"{', '.join(missing)} is missing")
            if chosen not in settings:
                settings[chosen] = load(config, today=now().date(), policy=chosen)
            reply = contract(settings[chosen], answer(settings[chosen], Question(**asked)))
        except (ValueError, SettingsError) as error:
            click.echo(f"line {number}: {error}", err=True)
            reply, status = {"error": str(error)}, 2
        click.echo(orjson.dumps(reply))
    return status


def _lines() -> Iterator[bytes]:
    for line in sys.stdin.buffer:
        if line.strip():
            yield line
