"""`python -m lunchbell_proxy`: what `lunchbell proxy` starts as a process of its own."""

import asyncio
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

from lunchbell.policy.wall_clock import instant_on_wall
from lunchbell.settings import SettingsError, load
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.logs import log_to_stderr
from lunchbell_proxy.run import Rehearsal, run


def main() -> int:
    """Exit status 0 stopped as asked, 2 a file is wrong."""
    options = _parser().parse_args()
    others = log_to_stderr()
    try:
        settings = load(options.config, today=datetime.now(UTC).date())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    token_file = settings.beside(settings.file.proxy.token)
    if not token_file.is_file():
        print(
            f"{token_file}: there is no token for the analyser; make one with: "
            f"lunchbell token new NAME --output {token_file}",
            file=sys.stderr,
        )
        return 2
    clock = Clock()
    if options.pretend:
        try:
            start = instant_on_wall(datetime.fromisoformat(options.pretend), settings.zone)
        except ValueError as error:
            print(f"--pretend: {error}", file=sys.stderr)
            return 2
        clock = Clock(options.since or time.time(), start.timestamp(), options.speed)
        print(f"Rehearsal: events are recorded as if it were {start:%Y-%m-%d %H:%M} UTC.", file=sys.stderr)
    host, _, port = options.origin.rpartition(":")
    rehearsal = Rehearsal(clock, (host, int(port)) if port else None, options.origin_authority)
    analyser = settings.file.analyser.public_address or f"http://{settings.file.analyser.listen}"
    asyncio.run(run(settings, analyser, token_file.read_text().strip(), rehearsal, others))
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="lunchbell proxy", description="The proxy: opens only catalogued names on school equipment."
    )
    parser.add_argument("--config", type=Path, default="lunchbell.toml", help="the school's file")
    rehearsal = parser.add_argument_group("rehearsals and demos")
    rehearsal.add_argument(
        "--pretend", metavar="TIME", default="", help="judge as if it were this time, such as 2026-11-17T12:30"
    )
    rehearsal.add_argument(
        "--since", type=float, default=0.0, metavar="SECONDS", help="when, since 1970, it is that time (default: now)"
    )
    rehearsal.add_argument("--speed", type=float, default=1.0, help="how fast the pretended clock runs")
    rehearsal.add_argument("--origin", metavar="HOST:PORT", default="", help="send every server connection here")
    rehearsal.add_argument(
        "--origin-authority", metavar="FILE", type=Path, help="trust this certificate authority for servers"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
