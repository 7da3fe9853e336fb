"""Rules: the first that covers decides, and a rule that nothing can reach is found."""

from datetime import date
from functools import reduce
from itertools import product
from operator import and_, or_

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.oracle import rule_covers
from tests.policy.schools import SERVICES, policies, policy, rule, some_rules

from lunchbell.policy.rules import Circumstances, Policy, Rule
from lunchbell.policy.words import Activity, Audience, Equipment, Kind, Network, Outcome, Period

KINDS = {s.id: s.kind for s in SERVICES}


def case(**changes: object) -> Circumstances:
    """A post to a microblog from the staff room in working time, unless changed."""
    usual = {
        "audience": Audience.STAFF,
        "official": False,
        "equipment": Equipment.SCHOOL,
        "designated": True,
        "network": Network.SCHOOL,
        "kind": Kind.MICROBLOG,
        "service": "chirp",
        "activity": Activity.POST,
        "period": Period.WORK,
    }
    return Circumstances(**(usual | changes))  # type: ignore[arg-type]


CASES = st.builds(
    Circumstances,
    st.sampled_from(Audience),
    st.booleans(),
    st.sampled_from(Equipment),
    st.booleans(),
    st.sampled_from(Network),
    st.sampled_from(Kind),
    st.sampled_from(["", *KINDS]),
    st.sampled_from(Activity),
    st.sampled_from(Period),
)


@pytest.mark.parametrize(
    ("part", "covers", "spares"),
    [
        ({"audience": [Audience.STAFF]}, {}, {"audience": Audience.GOVERNORS}),
        ({"official": False}, {}, {"official": True}),
        ({"equipment": [Equipment.SCHOOL]}, {}, {"equipment": Equipment.PERSONAL}),
        ({"designated": True}, {}, {"designated": False}),
        ({"network": [Network.SCHOOL]}, {}, {"network": Network.ELSEWHERE}),
        ({"network": [Network.SCHOOL]}, {}, {"network": Network.UNKNOWN}),
        ({"kinds": [Kind.MICROBLOG]}, {"service": "other"}, {"kind": Kind.VIDEO}),
        ({"services": ["chirp"]}, {"kind": Kind.VIDEO}, {"service": "other"}),
        ({"activities": [Activity.POST, Activity.EDIT]}, {"activity": Activity.EDIT}, {"activity": Activity.OPEN}),
        ({"periods": [Period.WORK]}, {}, {"period": Period.LUNCH}),
    ],
)
def test_each_part_narrows_a_rule(
    part: dict[str, object], covers: dict[str, object], spares: dict[str, object]
) -> None:
    """A rule covers what its part names and spares the rest; without parts it covers both."""
    narrow = rule("narrow", **part)
    assert narrow.covers(case(**covers))
    assert not narrow.covers(case(**spares))
    assert rule("all").covers(case(**covers))
    assert rule("all").covers(case(**spares))


def test_kinds_and_services_are_alternatives() -> None:
    """A rule for microblogs and for one video service covers both, and nothing else."""
    either = rule("either", kinds=[Kind.MICROBLOG], services=["tube"])
    assert either.covers(case())
    assert either.covers(case(kind=Kind.VIDEO, service="tube"))
    assert not either.covers(case(kind=Kind.VIDEO, service="clips"))


@given(some_rules(1), CASES)
def test_a_rule_covers_what_every_part_allows(rule: Rule, use: Circumstances) -> None:
    """Random rules and cases, against each part read by itself."""
    assert rule.covers(use) is rule_covers(rule, use)


@given(policies(), CASES)
def test_the_first_rule_that_covers_decides(policy: Policy, use: Circumstances) -> None:
    """No rule before the one that decides covers the case."""
    deciding = policy.decide(use)
    place = policy.rules.index(deciding)
    assert rule_covers(deciding, use)
    assert not any(rule_covers(earlier, use) for earlier in policy.rules[:place])


def test_covers_all() -> None:
    """Only a rule without any part covers all; false is a part too."""
    assert rule("last", approval=True).covers_all()
    assert not rule("last", official=False).covers_all()
    assert not rule("last", periods=[]).covers_all()


# --- Rules that nothing can reach


def every_case() -> list[Circumstances]:
    """All there is: no pupils or visitors, whose use is never judged, and nothing embedded, which is nobody's use."""
    return [
        Circumstances(*parts[:5], *thing, *parts[5:])  # type: ignore[arg-type]
        for thing in [(kind, "") for kind in Kind] + [(kind, service) for service, kind in KINDS.items()]
        for parts in product(
            [a for a in Audience if a not in ("pupils", "visitors")],
            (True, False),
            Equipment,
            (True, False),
            Network,
            [a for a in Activity if a != "embedded"],
            Period,
        )
    ]


EVERY_CASE = every_case()


def bits(part: str, value: object) -> int:
    """The cases in which a part has a value, as the bits of one number."""
    key = (part, value)
    if key not in _BITS:
        text = "".join("1" if getattr(use, part) == value else "0" for use in EVERY_CASE)
        _BITS[key] = int(text, 2)
    return _BITS[key]


_BITS: dict[tuple[str, object], int] = {}
EVERYTHING = (1 << len(EVERY_CASE)) - 1


def covered(rule: Rule) -> int:
    """The cases that a rule covers."""
    parts = [
        reduce(or_, (bits(name, word) for word in words), 0)
        for name, words in (
            ("audience", rule.audience),
            ("equipment", rule.equipment),
            ("network", rule.network),
            ("activity", rule.activities),
            ("period", rule.periods),
            ("official", None if rule.official is None else [rule.official]),
            ("designated", None if rule.designated is None else [rule.designated]),
        )
        if words is not None
    ]
    if rule.kinds is not None or rule.services is not None:
        named = [bits("kind", kind) for kind in rule.kinds or ()] + [bits("service", s) for s in rule.services or ()]
        parts.append(reduce(or_, named, 0))
    return reduce(and_, parts, EVERYTHING)


@given(policies(most=7))
def test_unreachable_rules_are_those_that_no_case_reaches(policy: Policy) -> None:
    """Against all cases there are, a hundred thousand of them."""
    before, unreachable = 0, []
    for each in policy.rules:
        mine = covered(each)
        if not mine & ~before:
            unreachable.append(each)
        before |= mine
    assert policy.unreachable(KINDS) == unreachable


@pytest.mark.parametrize(
    ("rules", "unreachable"),
    [
        ([rule("a", official=True), rule("b", official=False), rule("c")], ["c"]),
        ([rule("a", periods=[Period.WORK]), rule("b", periods=[Period.WORK, Period.LUNCH]), rule("c")], []),
        ([rule("a", kinds=[Kind.VIDEO]), rule("b", services=["tube"]), rule("c")], ["b"]),
        ([rule("a", services=["tube"]), rule("b", kinds=[Kind.VIDEO]), rule("c")], []),
        ([rule("a", audience=["pupils", "visitors"]), rule("c")], ["a"]),
        ([rule("a", activities=["embedded"]), rule("c")], ["a"]),
        ([rule("a"), rule("b")], ["b"]),
        ([rule("a", services=["unknown-service"]), rule("c")], ["a"]),
    ],
)
def test_unreachable_rules_by_example(rules: list[Rule], unreachable: list[str]) -> None:
    """Two halves that make a whole; a part of an earlier rule; a service of a kind; what is never judged at all."""
    assert [r.id for r in policy(*rules).unreachable(KINDS)] == unreachable


# --- The rest of a policy


def test_a_clause_is_found_by_its_id() -> None:
    """Labels may repeat, ids do not."""
    with pytest.raises(KeyError, match="policy test has no clause nowhere"):
        policy(rule("a")).clause("nowhere")
    assert policy(rule("a")).clause("c-a").heading == "a"


@pytest.mark.parametrize(
    ("adopted", "months", "due"),
    [
        (date(2022, 9, 1), 12, date(2023, 9, 1)),
        (date(2022, 12, 31), 2, date(2023, 2, 28)),
        (date(2023, 3, 15), 24, date(2025, 3, 15)),
        (date(2023, 11, 1), 1, date(2023, 12, 1)),
        (date(2023, 12, 1), 1, date(2024, 1, 1)),
        (None, 12, None),
    ],
)
def test_a_review_is_due_so_many_months_after_adoption(adopted: date | None, months: int, due: date | None) -> None:
    """Over the end of a year, into a shorter month; a document without a date is never due."""
    written = Policy("p", "P", "S", adopted, months, (), (rule("all"),))
    assert written.review_due() == due


def test_services_that_rules_name() -> None:
    """All other services are judged by their kind."""
    assert policy(rule("a", services=["x", "y"]), rule("b", services=["y", "z"]), rule("c")).named_services() == {
        "x",
        "y",
        "z",
    }


def test_outcomes_of_rules_are_never_approved() -> None:
    """`approved` is what an approval makes of `not_permitted`; the random policies above hold to it too."""
    assert {rule("a", outcome).outcome for outcome in ("permitted", "not_permitted", "not_covered")} == set(Outcome) - {
        Outcome.APPROVED
    }
