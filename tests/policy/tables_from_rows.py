"""Tables made again from their rows, the way everything outside the core gets them: as JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from lunchbell.policy.calendar import Timeline
from lunchbell.policy.tables import Tables
from lunchbell.policy.verdicts import Approval, Decision
from lunchbell.policy.words import Kind, Outcome, Period


def through_json(value: Any) -> Any:
    """What is left of a value after it was written out and read."""
    return json.loads(json.dumps(value))


def tables_from(
    timeline: Iterable[Sequence[Any]],
    verdicts: Iterable[Sequence[Any]],
    timetables: Iterable[str] = (),
    **lists: Any,
) -> Tables:
    """`timeline` and `verdicts` are rows in the order of TimelineRow and VerdictRow; `lists` are the persons' lists."""
    changes: dict[str, list[tuple[int, Period]]] = {name: [] for name in timetables}
    for timetable, start, period in timeline:
        changes.setdefault(timetable, []).append((start, Period(period)))
    return Tables(
        timelines={timetable: Timeline.of(rows) for timetable, rows in changes.items()},
        verdicts={
            (thing, activity, group, official, network, period): Decision(Outcome(outcome), rule, clause, approval)
            for thing, activity, group, official, network, period, outcome, rule, clause, approval in verdicts
        },
        named=frozenset(lists.get("named", ())),
        people=lists.get("people", {}),
        official=frozenset(lists.get("official", ())),
        approvals=tuple(approval_from(a) for a in lists.get("approvals", ())),
        grace=lists.get("grace", 0),
    )


def approval_from(row: dict[str, Any]) -> Approval:
    """An approval as JSON has it."""
    return Approval(
        **row
        | {
            "services": frozenset(row.get("services", ())),
            "kinds": frozenset(Kind(kind) for kind in row.get("kinds", ())),
        }
    )


def approval_row(approval: Approval) -> dict[str, Any]:
    """An approval as JSON has it."""
    return {
        "first": approval.first,
        "last": approval.last,
        "user": approval.user,
        "group": approval.group,
        "services": sorted(approval.services),
        "kinds": sorted(approval.kinds),
        "granted": approval.granted,
    }
