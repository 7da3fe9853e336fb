"""Reads a written policy: one of `config/policies/*.toml`, or the school's own file."""

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from lunchbell.policy.rules import Clause, Conflict, Policy, Reminder, Rule
from lunchbell.policy.words import Kind, Outcome
from lunchbell.settings import fields, toml
from lunchbell.settings.fields import Table
from lunchbell.settings.problems import Problems, one_of


class ClauseTable(Table):
    """`[[clauses]]`: id, label as printed, heading, and a summary in our own words."""

    id: str
    label: str
    heading: str
    summary: str


class RuleTable(Table):
    """`[[rules]]`: covers a use if every part that is given does."""

    id: str
    outcome: fields.Outcome
    clause: str
    approval: bool = False
    audience: list[fields.Audience] | None = None
    official: bool | None = None
    equipment: list[fields.Equipment] | None = None
    designated: bool | None = None
    network: list[fields.NetworkWord] | None = None
    kinds: list[fields.Kind] | None = None
    services: list[str] | None = None
    activities: list[fields.Activity] | None = None
    periods: list[fields.Period] | None = None

    def rule(self) -> Rule:
        """The same for the core."""
        given = self.model_dump(exclude_none=True)
        parts: dict[str, Any] = {
            name: frozenset(part) if isinstance(part, list) else part for name, part in given.items()
        }
        return Rule(**parts)


class ReminderTable(Table):
    """`[[reminders]]`: which clauses the browser shows at which activities."""

    activities: list[fields.Activity]
    clauses: list[str]


class ConflictTable(Table):
    """`[[conflicts]]`: where the document is at odds with what transparency expects."""

    clause: str
    expects: str
    summary: str


class PolicyFile(Table):
    """`config/policies/<id>.toml`."""

    id: str
    title: str
    school: str
    review_every_months: int
    adopted: date | None = None
    clauses: list[ClauseTable]
    rules: list[RuleTable]
    reminders: list[ReminderTable] = []
    conflicts: list[ConflictTable] = []


def policy_path(policy: str, shipped: Path, beside: Path) -> Path:
    """The file that `policy = ...` means: an id of a shipped policy, or a path beside the school's file."""
    if "/" in policy or "\\" in policy or policy.endswith(".toml"):
        return beside / policy
    return shipped / f"{policy}.toml"


def name_of(path: Path) -> str:
    """What messages call a policy's file."""
    return f"policies/{path.name}" if path.parent.name == "policies" else path.name


def read_policy(path: Path, services: Collection[str], problems: Problems) -> Policy | None:
    """The policy in a file; `services` are the ids that rules may name."""
    name = name_of(path)
    file = toml.read(path, PolicyFile, problems, name)
    if file is None:
        return None
    _check(file, name, services, problems)
    return Policy(
        id=file.id,
        title=file.title,
        school=file.school,
        adopted=file.adopted,
        review_every_months=file.review_every_months,
        clauses=tuple(Clause(**c.model_dump()) for c in file.clauses),
        rules=tuple(rule.rule() for rule in file.rules),
        reminders=tuple(Reminder(frozenset(r.activities), tuple(r.clauses)) for r in file.reminders),
        conflicts=tuple(Conflict(**c.model_dump()) for c in file.conflicts),
    )


def _check(file: PolicyFile, name: str, services: Collection[str], problems: Problems) -> None:
    clauses = [c.id for c in file.clauses]
    for kind, ids in (("clauses", clauses), ("rules", [r.id for r in file.rules])):
        for twice in sorted({i for i in ids if ids.count(i) > 1}):
            problems.error(name, kind, twice, "this id is given twice; ids are unique")
    cited = [(f"rules.{r.id}.clause", r.clause) for r in file.rules]
    cited += [(f"reminders[{n}].clauses", c) for n, r in enumerate(file.reminders, 1) for c in r.clauses]
    cited += [(f"conflicts[{n}].clause", c.clause) for n, c in enumerate(file.conflicts, 1)]
    for key, clause in cited:
        if clause not in clauses:
            problems.error(name, key, clause, one_of(clause, clauses, "clause"))
    for rule in file.rules:
        for service in rule.services or ():
            if service not in services:
                problems.error(name, f"rules.{rule.id}.services", service, one_of(service, services, "service"))
        if rule.outcome is Outcome.APPROVED:
            problems.error(name, f"rules.{rule.id}.outcome", "approved", "say not_permitted and approval = true")
        elif rule.approval and rule.outcome is not Outcome.NOT_PERMITTED:
            problems.error(
                name, f"rules.{rule.id}.approval", True, "only a not_permitted rule can be lifted; remove it"
            )
    if not file.rules or not file.rules[-1].rule().covers_all():
        problems.error(name, "rules", None, "the last rule must cover all: give it no conditions")
    if not 1 <= file.review_every_months <= 120:
        problems.error(name, "review_every_months", file.review_every_months, "should be 1 to 120")


def warn_of_policy(policy: Policy, name: str, kinds: Mapping[str, Kind], today: date, problems: Problems) -> None:
    """What `check` reports of a policy that can be used: overdue reviews, unreachable rules, conflicts."""
    due = policy.review_due()
    if due is None:
        problems.warn(
            name, "adopted", None, "is not given, so reviews cannot be reminded of; write the date in your copy"
        )
    elif due < today:
        problems.warn(
            name,
            "adopted",
            policy.adopted,
            f"the policy was due for review on {due:%-d %B %Y}; review it and write the new date",
        )
    for rule in policy.unreachable({s: kinds[s] for s in policy.named_services() if s in kinds}):
        problems.warn(
            name, "rules", rule.id, "no use can reach this rule, earlier ones cover it; move it up or remove it"
        )
    for conflict in policy.conflicts:
        clause = policy.clause(conflict.clause)
        problems.warn(name, "clauses", clause.label or clause.id, f"{conflict.summary} ({conflict.expects})")
