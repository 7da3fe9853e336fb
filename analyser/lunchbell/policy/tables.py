"""The core written out as tables, for everything that works in bulk or elsewhere: log import, cluster, browser.

    timeline   timetable, from (milliseconds UTC) -> period
    verdicts   service or kind, activity, group, official, network, period -> outcome, rule, clause, approval
    services   domain -> service, kind; and each service's request patterns

They are joined, never re-implemented: `Tables.look_up` is that join, and a property test proves it equal to `judge`.
A service that no rule names has its kind as its `thing`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from lunchbell.policy.calendar import Timeline
from lunchbell.policy.services import Catalogue
from lunchbell.policy.verdicts import Approval, Decision, Group, Judge, Use, Verdict, named_services
from lunchbell.policy.words import Activity, Kind, Network, Outcome, Period


class TimelineRow(NamedTuple):
    """From this instant (milliseconds UTC) on, the period on this timetable."""

    timetable: str
    start: int
    period: Period


class VerdictRow(NamedTuple):
    """What the policy says of one combination, before approvals. `thing` is a service id or a kind."""

    thing: str
    activity: Activity
    group: str
    official: bool
    network: Network
    period: Period
    outcome: Outcome
    rule: str
    clause: str
    approval: bool


class DomainRow(NamedTuple):
    """A catalogued domain; an empty service marks a host that is not the service above it."""

    domain: str
    service: str
    kind: str


def timeline_rows(judge: Judge) -> Iterator[TimelineRow]:
    """Every bell of every timetable, in order; a timetable is closed before its first."""
    for timetable, timeline in judge.timelines.items():
        for start, period in zip(timeline.starts, timeline.periods[1:], strict=True):
            yield TimelineRow(timetable, start, period)


def verdict_rows(judge: Judge, groups: Iterable[Group], kinds: Mapping[str, Kind]) -> Iterator[VerdictRow]:
    """Every combination the policy can tell apart. `kinds`: kind of each service (`Catalogue.kinds`)."""
    things = [(str(kind), "", kind) for kind in Kind]
    things += [(s, s, kinds[s]) for s in sorted(named_services(judge.policy, judge.teaching)) if s in kinds]
    for (thing, service, kind), activity, group, official, network, period in product(
        things, Activity, groups, (False, True), Network, Period
    ):
        decision = judge.decide(service or f"kind:{kind}", kind, activity, group, official, network, period)
        yield VerdictRow(
            thing, activity, group.id, official, network, period,
            decision.outcome, decision.rule, decision.clause, decision.approval,
        )  # fmt: skip


def domain_rows(catalogue: Catalogue) -> Iterator[DomainRow]:
    """Every catalogued domain."""
    for domain, service in catalogue.domains.items():
        yield DomainRow(domain, service.id if service else "", service.kind if service else "")


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables indexed for joining, with the few lists that belong to persons."""

    timelines: Mapping[str, Timeline]
    verdicts: Mapping[tuple[str, str, str, bool, str, str], Decision]
    named: frozenset[str]
    people: Mapping[str, str]
    official: frozenset[str]
    approvals: tuple[Approval, ...]
    grace: int

    @classmethod
    def of(cls, judge: Judge, groups: Iterable[Group], kinds: Mapping[str, Kind]) -> "Tables":
        """Index the rows of a judge."""
        changes: dict[str, list[tuple[int, Period]]] = {timetable: [] for timetable in judge.timelines}
        for start_row in timeline_rows(judge):
            changes[start_row.timetable].append((start_row.start, start_row.period))
        return cls(
            timelines={timetable: Timeline.of(rows) for timetable, rows in changes.items()},
            verdicts={tuple(row[:6]): Decision(*row[6:]) for row in verdict_rows(judge, groups, kinds)},  # type: ignore[misc]
            named=named_services(judge.policy, judge.teaching),
            people=judge.people,
            official=judge.official,
            approvals=judge.approvals,
            grace=judge.grace,
        )

    def look_up(self, use: Use, at: int) -> Verdict:
        """The verdict on `use` at an instant in milliseconds UTC, by joining."""
        service, group = use.service, use.group
        thing = service.id if service.id in self.named else str(service.kind)
        timeline = self.timelines[self.people.get(use.user, group.timetable)]
        period = timeline.period_at(at)
        key = (thing, use.activity, group.id, use.user in self.official, use.network)
        found = self.verdicts[*key, period]
        if found.outcome is Outcome.NOT_PERMITTED:
            for before in timeline.left_within(at, self.grace):
                earlier = self.verdicts[*key, before]
                if earlier.outcome is Outcome.PERMITTED:
                    return Verdict(period, earlier.outcome, earlier.rule, earlier.clause)
            if found.approval and any(
                a.covers(use.user, group.id, service.id, service.kind, at) for a in self.approvals
            ):
                return Verdict(period, Outcome.APPROVED, found.rule, found.clause)
        return Verdict(period, found.outcome, found.rule, found.clause)
