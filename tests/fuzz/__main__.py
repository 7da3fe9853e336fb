"""Fuzzes for a time: `python -m tests.fuzz --minutes 10`, half of it each; prints how much was tried."""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from tests.fuzz.events import Server, no_errors_logged, play, posts
from tests.fuzz.flows import Addons, hostile


def spend(minutes: float, strategy: SearchStrategy[Any], work: Callable[[Any], None], name: str) -> None:
    """Run examples, a thousand at a time with a new seed, until the time is over."""
    until = time.monotonic() + minutes * 60
    tried = 0

    @settings(max_examples=1000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def batch(one: Any) -> None:
        nonlocal tried
        if time.monotonic() < until:
            work(one)
            tried += 1

    while time.monotonic() < until:
        batch()
    print(f"{name}: {tried:,} examples in {minutes:g} minutes, nothing found", flush=True)


def main() -> None:
    """Fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    minutes = parser.parse_args().minutes
    addons = Addons()
    spend(minutes / 2, hostile(), addons.pass_through, "requests through every hook")
    with tempfile.TemporaryDirectory() as folder, no_errors_logged():
        server = Server(Path(folder))
        spend(minutes / 2, posts(), lambda posted: play(server, posted), "batches to /api/events")
        requests = server.ask("SELECT sum(requests) FROM usage")[0][0]
        print(f"  {requests:,} events in the store, each once; {next(server.epochs) - 1:,} epochs", flush=True)
        server.close()


if __name__ == "__main__":
    main()
