"""One use at one instant -> one verdict.

In this order, and nowhere else:

1. what is embedded, and the use of pupils and visitors, is not covered;
2. opening a teaching service is school use;
3. the policy's first rule that covers decides;
4. shortly after a bell (`grace`), what was permitted before the bell still is;
5. a prior approval lifts a rule that says it can be lifted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from lunchbell.policy.calendar import DAY, MINUTE, Timeline, instant, instant_ms
from lunchbell.policy.rules import Circumstances, Policy
from lunchbell.policy.services import Service
from lunchbell.policy.words import NEVER_COVERED, Activity, Audience, Equipment, Kind, Network, Outcome, Period

TEACHING = frozenset({Activity.OPEN, Activity.CONTACT, Activity.SIGN_IN})
"""What of a teaching service is school use: to open it. Publishing there is judged like any other."""

HORIZON = 60 * DAY * MINUTE
"""How far `until` looks ahead, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Group:
    """Devices or people with one kind of equipment, audience and timetable."""

    id: str
    equipment: Equipment
    designated: bool
    audience: Audience
    timetable: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A prior approval for a user or a group; instants are milliseconds UTC, `first <= t < last`.

    Use before `granted` is not approved after the fact.
    """

    first: int
    last: int
    user: str = ""
    group: str = ""
    services: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    granted: int | None = None

    @property
    def start(self) -> int:
        """The first instant that is covered."""
        return self.first if self.granted is None else max(self.first, self.granted)

    def covers(self, user: str, group: str, service: str, kind: Kind, at: int) -> bool:
        """Whether this approval lifts a rule for such a use at such an instant."""
        return (
            self.start <= at < self.last
            and (user == self.user if self.user else group == self.group)
            and (service in self.services or kind in self.kinds)
        )


class Use(NamedTuple):
    """What is judged. `user` is a name in `user_of`'s form, or empty."""

    service: Service
    activity: Activity
    group: Group
    user: str = ""
    network: Network = Network.SCHOOL


@dataclass(frozen=True, slots=True)
class Decision:
    """What the tables hold for one combination: an outcome with its rule and clause, and whether approvals lift it."""

    outcome: Outcome
    rule: str = ""
    clause: str = ""
    approval: bool = False


class Verdict(NamedTuple):
    """The answer for one use at one instant; `rule` and `clause` are empty where nothing of the policy was needed."""

    period: Period
    outcome: Outcome
    rule: str = ""
    clause: str = ""


def user_of(name: str) -> str:
    """A user name as rules compare it: `OAKFIELD\\J.Okafor` and `j.okafor@oakfield.example` are `j.okafor`."""
    return name.strip().rpartition("\\")[2].partition("@")[0].casefold()


@dataclass(frozen=True, slots=True)
class Judge:
    """A policy with the school it is for."""

    policy: Policy
    timelines: Mapping[str, Timeline]
    people: Mapping[str, str] = field(default_factory=dict)
    official: frozenset[str] = frozenset()
    teaching: frozenset[str] = frozenset()
    approvals: tuple[Approval, ...] = ()
    grace: int = 0
    _decisions: dict[tuple[object, ...], Decision] = field(default_factory=dict, compare=False, repr=False)

    def timeline(self, group: Group, user: str = "") -> Timeline:
        """The timeline of a person's own timetable, else of the group's."""
        return self.timelines[self.people.get(user, group.timetable)]

    def judge(self, use: Use, at: datetime) -> Verdict:
        """The verdict on `use` at an aware datetime."""
        return self.judge_ms(use, instant_ms(at))

    def judge_ms(self, use: Use, at: int) -> Verdict:
        """The verdict on `use` at an instant in milliseconds UTC."""
        timeline = self.timeline(use.group, use.user)
        period = timeline.period_at(at)
        official = use.user in self.official
        decision = self.decide(use.service.id, use.service.kind, use.activity, use.group, official, use.network, period)
        if decision.outcome is Outcome.NOT_PERMITTED:
            for before in timeline.left_within(at, self.grace):
                earlier = self.decide(
                    use.service.id, use.service.kind, use.activity, use.group, official, use.network, before
                )
                if earlier.outcome is Outcome.PERMITTED:
                    return Verdict(period, earlier.outcome, earlier.rule, earlier.clause)
            if decision.approval and self.approval_for(use, at):
                return Verdict(period, Outcome.APPROVED, decision.rule, decision.clause)
        return Verdict(period, decision.outcome, decision.rule, decision.clause)

    def decide(
        self,
        service: str,
        kind: Kind,
        activity: Activity,
        group: Group,
        official: bool,
        network: Network,
        period: Period,
    ) -> Decision:
        """Steps 1 to 3, which know neither person nor instant: what a table can hold. Remembered once decided."""
        key = (service, activity, group, official, network, period)
        known = self._decisions.get(key)
        if known is None:
            known = self._decisions[key] = self._decide(service, kind, activity, group, official, network, period)
        return known

    def _decide(
        self,
        service: str,
        kind: Kind,
        activity: Activity,
        group: Group,
        official: bool,
        network: Network,
        period: Period,
    ) -> Decision:
        if activity is Activity.EMBEDDED:
            return Decision(Outcome.NOT_COVERED, "embedded")
        if group.audience in NEVER_COVERED:
            return Decision(Outcome.NOT_COVERED, "audience")
        if service in self.teaching and activity in TEACHING:
            return Decision(Outcome.PERMITTED, "teaching")
        rule = self.policy.decide(
            Circumstances(
                group.audience, official, group.equipment, group.designated, network, kind, service, activity, period
            )
        )
        return Decision(rule.outcome, rule.id, rule.clause, rule.approval)

    def approval_for(self, use: Use, at: int) -> Approval | None:
        """The first prior approval that covers `use` at an instant in milliseconds UTC."""
        service = use.service
        covering = (a for a in self.approvals if a.covers(use.user, use.group.id, service.id, service.kind, at))
        return next(covering, None)

    def until(self, use: Use, at: datetime) -> datetime | None:
        """When the outcome of the same use next changes; None if it does not within 60 days."""
        now = instant_ms(at)
        last = now + HORIZON
        outcome = self.judge_ms(use, now).outcome
        bells = self.timeline(use.group, use.user).changes_between(now - self.grace, last)
        moments = {*bells, *(bell + self.grace for bell in bells)}
        moments.update(moment for a in self.approvals for moment in (a.start, a.last))
        for moment in sorted(moments):
            if now < moment <= last and self.judge_ms(use, moment).outcome is not outcome:
                return instant(moment)
        return None


def named_services(policy: Policy, teaching: Iterable[str]) -> frozenset[str]:
    """Services judged by their own name; every other service is judged by its kind."""
    return policy.named_services() | frozenset(teaching)
