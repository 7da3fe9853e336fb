"""`lunchbell analyse`: logs that other proxies wrote, with the same verdicts as live traffic."""

import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import orjson

from lunchbell.bulk.importer import FORMATS, UnreadableLogError, import_log
from lunchbell.bulk.rollup import Rollup
from lunchbell.cli.common import config_option, fail, load_settings
from lunchbell.plain_words import OUTCOMES
from lunchbell.policy.words import Evidence
from lunchbell.settings.keys import keys_in
from lunchbell.store.schema import StoreError, open_store
from lunchbell.summary.english import some, was


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object for all logs.")
@click.option(
    "--db", type=click.Path(path_type=Path), help="Add the counts to this store; a log is never counted twice."
)
@click.option("--format", "log_format", type=click.Choice(["auto", *FORMATS]), default="auto", show_default=True)
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Write number, offset and reason of each unreadable line here."
)
@config_option
def analyse(
    logs: tuple[Path, ...], as_json: bool, db: Path | None, log_format: str, rejects: Path | None, config: Path | None
) -> None:
    """Read proxy logs (Squid's native format, plain or gzip) and judge them by the school's policy."""
    settings = load_settings(config)
    try:
        store = open_store(db) if db else None
    except StoreError as error:
        fail(str(error))
    if rejects:
        _write_rejects(rejects, [])  # before anything is stored: a line that is stored is not read a second time
    began = time.monotonic()
    rollups: list[tuple[Path, Rollup]] = []
    key = keys_in(settings.beside(settings.file.analyser.keys), settings.calendar, settings.zone) if db else None
    for log in logs:
        try:
            rollup = import_log(log, settings, key=key, db=store, detect=log_format == "auto", progress=_progress(log))
            rollups.append((log, rollup))
        except UnreadableLogError as error:
            fail(str(error))
        except sqlite3.Error as error:
            fail(f"{db}: cannot be written ({error}); nothing of {log} was stored")
    told = _total([rollup for _, rollup in rollups]) | {
        "format": "squid",
        "seconds": round(time.monotonic() - began, 3),
    }
    if rejects:
        _write_rejects(rejects, rollups)
    as_text = orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS).decode() if as_json else _sentences(told, rejects)
    click.echo(as_text)


def _write_rejects(path: Path, rollups: list[tuple[Path, Rollup]]) -> None:
    """Number, offset (decompressed bytes) and reason of each line that cannot be read, never the line."""
    rows = ["\t".join(map(str, (log, *line))) + "\n" for log, rollup in rollups for line in rollup.rejected]
    try:
        path.write_text("log\tline\toffset\treason\n" + "".join(rows))
    except OSError as error:
        fail(f"{path}: cannot be written ({error.strerror})")


def _total(rollups: list[Rollup]) -> dict[str, Any]:
    evidence: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    use: Counter[str] = Counter()
    services: Counter[str] = Counter()
    for rollup in rollups:
        evidence += rollup.evidence
        outcomes += rollup.outcomes
        use += rollup.use_outcomes
        services += rollup.services
    return {
        "lines": sum(r.lines for r in rollups),
        "read": sum(r.read for r in rollups),
        "social": sum(r.social for r in rollups),
        "rejected": sum(len(r.rejected) for r in rollups),
        "unplaced": sum(r.unplaced for r in rollups),
        "evidence": dict(evidence),
        "outcomes": dict(outcomes),
        "use_outcomes": dict(use),
        "services": dict(services.most_common()),
    }


def _sentences(told: dict[str, Any], rejects: Path | None) -> str:
    evidence, use = told["evidence"], told["use_outcomes"]
    lines = [
        f"Read {told['read']:,} of {told['lines']:,} lines in {told['seconds']} seconds. "
        f"{told['social']:,} are social media."
    ]
    if told["rejected"]:
        where = f"; see {rejects}" if rejects else "; --rejects FILE lists them"
        lines.append(f"{some(told['rejected'], 'line')} could not be read{where}.")
    if told["unplaced"]:
        requests = some(told["unplaced"], "social media request")
        lines.append(f"{requests} came from addresses in no group and {was(told['unplaced'])} not judged.")
    if evidence:
        published, opened, contact = (evidence.get(word, 0) for word in Evidence)
        lines.append(
            f"Of those that were judged, {published:,} {was(published)} published, {opened:,} opened something, "
            f"and {contact:,} {'is a contact, which proves' if contact == 1 else 'are contacts, which prove'} no use."
        )
    if use:
        counted = ", ".join(f"{count:,} {OUTCOMES[name]}" for name, count in use.items())
        lines.append(f"Of what was published or opened, {counted}.")
    return "\n".join(lines)


def _progress(log: Path) -> Callable[[int, int], None]:
    def tell(lines: int, offset: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{log.name}: {lines:,} lines, {offset / 1e6:,.0f} MB", err=True, nl=False)

    return tell
