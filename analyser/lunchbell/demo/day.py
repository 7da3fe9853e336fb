"""The demo's day as a plan: which device sends which request when."""

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from importlib.resources import files
from typing import Any

from lunchbell.demo.school import address


@dataclass(frozen=True, slots=True)
class Planned:
    """One request: when (aware), by whom, from which address, and the step as `day.toml` has it."""

    at: datetime
    user: str
    group: str
    client: str
    step: dict[str, Any]


def plan(day: date, zone: tzinfo) -> list[Planned]:
    """Every request of the day, in order of time; the steps of a scene are two minutes apart."""
    facts = tomllib.loads(files("lunchbell.demo").joinpath("day.toml").read_text("utf-8"))
    planned = []
    for scene in facts["scenes"]:
        for start in scene["at"]:
            begins = datetime.combine(day, time.fromisoformat(start), zone)
            for number, step in enumerate(scene["steps"]):
                planned.append(
                    Planned(
                        begins + timedelta(minutes=2 * number),
                        scene["user"],
                        scene["group"],
                        address(scene["group"], scene["device"]),
                        facts["steps"][step],
                    )
                )
    return sorted(planned, key=lambda p: p.at)
