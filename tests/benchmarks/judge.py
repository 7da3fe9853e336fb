"""Verdicts a second: `judge`, and the compiled tables, on the same uses; and what compiling costs."""

import random

from tests.benchmarks.timing import interleaved, show

from lunchbell.policy.tables import Tables
from lunchbell.policy.verdicts import Use
from lunchbell.policy.words import Activity
from lunchbell.settings import Settings


def run(settings: Settings) -> None:
    """Print the figures."""
    chance = random.Random(2)
    services = list(settings.catalogue.services.values())
    groups = list(settings.groups.values())
    people = ["", "", "", "j.okafor", "comms", "a.bell"]
    start = settings.judge.timelines["teachers"].starts[0]
    cases = [
        (
            Use(chance.choice(services), chance.choice(list(Activity)), chance.choice(groups), chance.choice(people)),
            start + chance.randrange(90 * 86_400_000),
        )
        for _ in range(20_000)
    ]
    tables = settings.tables()

    def judged() -> int:
        for use, at in cases:
            settings.judge.judge_ms(use, at)
        return len(cases)

    def looked_up() -> int:
        for use, at in cases:
            tables.look_up(use, at)
        return len(cases)

    def compiled() -> int:
        Tables.of(settings.judge, groups, settings.catalogue.kinds())
        return 1

    timings = interleaved({"judge": judged, "judge again": judged, "compiled table": looked_up})
    show("One verdict", timings, "judge", "judge again")
    for name, timing in timings.items():
        print(f"  {name:<44} {1e6 / timing.median:12,.0f} a second")
    built = interleaved({"compile the tables": compiled, "compile again": compiled}, rounds=5)
    show(
        f"All tables of a school ({len(tables.verdicts):,} verdict rows)", built, "compile the tables", "compile again"
    )
