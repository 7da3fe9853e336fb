"""A policy as data: clauses, rules in the order a head would read them, reminders.

The first rule that covers a use decides; the last one covers all. Never reorder rules, and never add a special case
outside them: what a policy does not say belongs in `verdicts` (official users are a rule's own word).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import product
from typing import TypeVar

from lunchbell.policy.words import NEVER_COVERED, Activity, Audience, Equipment, Kind, Network, Outcome, Period

Word = TypeVar("Word")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the written policy; the label is as printed, and documents repeat or omit labels."""

    id: str
    label: str
    heading: str
    summary: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything a rule may ask about one use. `service` is an id."""

    audience: Audience
    official: bool
    equipment: Equipment
    designated: bool
    network: Network
    kind: Kind
    service: str
    activity: Activity
    period: Period


@dataclass(frozen=True, slots=True)
class Rule:
    """Covers a use if each part that is given does; None covers anything."""

    id: str
    outcome: Outcome
    clause: str
    approval: bool = False
    audience: frozenset[Audience] | None = None
    official: bool | None = None
    equipment: frozenset[Equipment] | None = None
    designated: bool | None = None
    network: frozenset[Network] | None = None
    kinds: frozenset[Kind] | None = None
    services: frozenset[str] | None = None
    activities: frozenset[Activity] | None = None
    periods: frozenset[Period] | None = None

    def covers(self, use: Circumstances) -> bool:
        """Whether this rule speaks about `use`. Kinds and services are alternatives: either names it."""
        return (
            (self.audience is None or use.audience in self.audience)
            and (self.official is None or use.official is self.official)
            and (self.equipment is None or use.equipment in self.equipment)
            and (self.designated is None or use.designated is self.designated)
            and (self.network is None or use.network in self.network)
            and self._names(use.kind, use.service)
            and (self.activities is None or use.activity in self.activities)
            and (self.periods is None or use.period in self.periods)
        )

    def _names(self, kind: Kind, service: str) -> bool:
        if self.kinds is None and self.services is None:
            return True
        return kind in (self.kinds or ()) or service in (self.services or ())

    def covers_all(self) -> bool:
        """Whether no part is given."""
        return all(getattr(self, f.name) is None for f in fields(self)[4:])


@dataclass(frozen=True, slots=True)
class Reminder:
    """Which clauses the browser shows at which activities."""

    activities: frozenset[Activity]
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where the document itself is at odds with what the law expects; recorded as written, reported by `check`."""

    clause: str
    expects: str
    summary: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A school's written policy."""

    id: str
    title: str
    school: str
    adopted: date | None
    review_every_months: int
    clauses: tuple[Clause, ...]
    rules: tuple[Rule, ...]
    reminders: tuple[Reminder, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def decide(self, use: Circumstances) -> Rule:
        """The first rule that covers `use`."""
        return next(rule for rule in self.rules if rule.covers(use))

    def clause(self, clause_id: str) -> Clause:
        """A clause by its id; KeyError if there is none."""
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise KeyError(f"policy {self.id} has no clause {clause_id}")

    def review_due(self) -> date | None:
        """The day the written policy should be looked at again; None where its own date is not known."""
        if self.adopted is None:
            return None
        months = self.adopted.year * 12 + self.adopted.month - 1 + self.review_every_months
        return date(months // 12, months % 12 + 1, min(self.adopted.day, 28))

    def named_services(self) -> frozenset[str]:
        """Services that some rule names: the others are judged by their kind alone."""
        return frozenset[str]().union(*(rule.services or () for rule in self.rules))

    def unreachable(self, kinds: Mapping[str, Kind]) -> list[Rule]:
        """Rules that no use can reach, since earlier ones cover all they cover. `kinds`: kind of each named service."""
        reached = {self.decide(use).id for use in self._every_case(kinds)}
        return [rule for rule in self.rules if rule.id not in reached]

    def _every_case(self, kinds: Mapping[str, Kind]) -> Iterator[Circumstances]:
        """One case for each combination the rules can tell apart, of those that are ever asked about."""

        def told_apart(name: str, words: Iterable[Word]) -> list[Word]:
            used = {word for rule in self.rules for word in getattr(rule, name) or ()}
            others = [word for word in words if word not in used]
            return [*(word for word in words if word in used), *others[:1]]

        things = [(kind, "") for kind in told_apart("kinds", Kind)]
        things += [(kinds[service], service) for service in sorted(self.named_services()) if service in kinds]
        for audience, official, equipment, designated, network, (kind, service), activity, period in product(
            told_apart("audience", [a for a in Audience if a not in NEVER_COVERED]),
            (True, False),
            told_apart("equipment", Equipment),
            (True, False),
            told_apart("network", Network),
            things,
            told_apart("activities", [a for a in Activity if a is not Activity.EMBEDDED]),
            told_apart("periods", Period),
        ):
            yield Circumstances(audience, official, equipment, designated, network, kind, service, activity, period)
