"""The core written out as tables says the same as the core."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.schools import (
    GROUPS,
    SERVICES,
    at,
    few,
    group,
    judge_of,
    judges,
    moment,
    policy,
    rule,
    service,
    use,
    uses,
)
from tests.policy.tables_from_rows import approval_row, tables_from, through_json

from lunchbell.policy.services import Catalogue
from lunchbell.policy.tables import DomainRow, Tables, domain_rows, timeline_rows, verdict_rows
from lunchbell.policy.verdicts import Group, Judge, named_services
from lunchbell.policy.words import Kind, Network, Outcome, Period

KINDS = Catalogue(SERVICES).kinds()

TWO_GROUPS = st.permutations(GROUPS).map(lambda groups: groups[:2])
School = tuple[Judge, st.SearchStrategy[int]]


@few
@given(judges(), TWO_GROUPS, st.data())
def test_judge_and_tables_agree(school: School, groups: list[Group], data: st.DataObject) -> None:
    """Random schools, policies, instants at and around bells, users, networks and activities."""
    judge, moments = school
    tables = Tables.of(judge, groups, KINDS)
    for what, ms in data.draw(st.lists(st.tuples(uses(groups), moments), min_size=30, max_size=99)):
        assert tables.look_up(what, ms) == judge.judge_ms(what, ms), moment(ms)


@few
@given(judges(), TWO_GROUPS, st.data())
def test_tables_survive_being_written_out(school: School, groups: list[Group], data: st.DataObject) -> None:
    """Their rows as JSON, read by something that has no core, give the same answers."""
    judge, moments = school
    written = through_json(
        {
            "timeline": list(timeline_rows(judge)),
            "verdicts": list(verdict_rows(judge, groups, KINDS)),
            "timetables": list(judge.timelines),
            "named": sorted(named_services(judge.policy, judge.teaching)),
            "people": dict(judge.people),
            "official": sorted(judge.official),
            "approvals": [approval_row(a) for a in judge.approvals],
            "grace": judge.grace,
        }
    )
    tables = tables_from(**written)
    for what, ms in data.draw(st.lists(st.tuples(uses(groups), moments), min_size=30, max_size=99)):
        assert tables.look_up(what, ms) == judge.judge_ms(what, ms), moment(ms)


def test_verdict_rows_have_one_row_for_each_combination() -> None:
    """Eleven kinds and each service that a rule names, times everything else."""
    judge = judge_of(rules=policy(rule("a", services=["tube"]), rule("b")), teaching=frozenset({"wiki", "gone"}))
    rows = list(verdict_rows(judge, GROUPS, KINDS))
    assert {row.thing for row in rows} == {*Kind, "tube", "wiki"}
    assert len(rows) == len({row[:6] for row in rows}) == 13 * 13 * len(GROUPS) * 2 * 3 * 6


def test_rows_are_plain() -> None:
    """Every cell is a text, a number or a truth value, so that any format can hold it."""
    judge = judge_of()
    cells = {type(through_json(cell)) for row in verdict_rows(judge, [group()], {}) for cell in row}
    cells |= {type(through_json(cell)) for row in timeline_rows(judge) for cell in row}
    assert cells == {str, int, bool}


def test_timeline_rows_are_in_order_for_each_timetable() -> None:
    """A reader may search them as they come."""
    rows = list(timeline_rows(judge_of()))
    for name in ("teachers", "office"):
        starts = [row.start for row in rows if row.timetable == name]
        assert starts == sorted(starts)
        assert len(starts) > 400
    assert (rows[0].timetable, rows[0].period) == ("teachers", Period.BEFORE_WORK)
    assert rows[0].start == at("2026-09-03T00:00")


def test_a_service_of_an_unknown_kind_is_left_out() -> None:
    """A teaching service that the catalogue does not have makes no rows and no error."""
    judge = judge_of(teaching=frozenset({"gone"}))
    assert "gone" not in {row.thing for row in verdict_rows(judge, [group()], {})}


def test_domain_rows() -> None:
    """A service and its kind for each domain; an empty service marks a host that is not the service above it."""
    catalogue = Catalogue([service("tube", Kind.VIDEO, not_domains=("api.tube.example",))])
    assert list(domain_rows(catalogue)) == [
        DomainRow("tube.example", "tube", "video"),
        DomainRow("api.tube.example", "", ""),
    ]


@pytest.mark.parametrize(
    ("minute", "outcome"), [("12:59", "permitted"), ("13:04", "permitted"), ("13:05", "not_permitted")]
)
def test_grace_is_joined_too(minute: str, outcome: str) -> None:
    """The tables hold no grace; looking up does."""
    tables = Tables.of(judge_of(grace=5 * 60_000), [group()], {"chirp": Kind.MICROBLOG})
    assert tables.look_up(use(), at(f"2026-11-16T{minute}")).outcome == outcome


def test_a_difference_would_be_noticed() -> None:
    """One changed row in thousands changes an answer."""
    judge = judge_of()
    tables = Tables.of(judge, [group()], KINDS)
    key = (str(Kind.MICROBLOG), "post", "staffroom", False, Network.SCHOOL, Period.WORK)
    changed = replace(
        tables, verdicts={**tables.verdicts, key: replace(tables.verdicts[key], outcome=Outcome.PERMITTED)}
    )
    at_eleven = at("2026-11-16T11:00")
    assert tables.look_up(use(), at_eleven) == judge.judge_ms(use(), at_eleven)
    assert changed.look_up(use(), at_eleven) != judge.judge_ms(use(), at_eleven)
