"""Runs `tests/policy_cases/*.json`, which other languages run too; README.md there describes the form."""

import json
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.policy.tables_from_rows import tables_from

from lunchbell.policy.calendar import Timeline, instant_ms
from lunchbell.policy.hosts import host_of
from lunchbell.policy.patterns import Observation, RequestPattern
from lunchbell.policy.rules import Policy
from lunchbell.policy.services import Catalogue, Service
from lunchbell.policy.urls import fields_of, url_parts
from lunchbell.policy.verdicts import Approval, Group, Judge, Use
from lunchbell.policy.words import Activity, Audience, Equipment, Kind, Network, Period
from lunchbell.settings.places import config_dir
from lunchbell.settings.policies import read_policy
from lunchbell.settings.problems import Problems
from lunchbell.settings.services import RequestTable

FOLDER = Path(__file__).resolve().parents[1] / "policy_cases"
SHIPPED = sorted(path.stem for path in (config_dir() / "policies").glob("*.toml"))


def read(name: str) -> dict[str, Any]:
    """One file of cases."""
    cases: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return cases


def observation(request: dict[str, Any]) -> Observation:
    """A request as README.md describes it."""
    host, path, query = url_parts(request["url"])
    form = request.get("form", "")
    return Observation(
        host=host,
        method=request.get("method", "GET"),
        path=path,
        query=query,
        form=fields_of(form) if isinstance(form, str) else {name: tuple(values) for name, values in form.items()},
        json=request.get("json"),
        operation=request.get("operation", ""),
        dest=request.get("dest", ""),
        site=request.get("site", ""),
        origin=host_of(request.get("origin", "")),
        html=request.get("html", False),
        prefetch=request.get("prefetch", False),
        status=request.get("status", 0),
    )


def pattern(table: dict[str, Any]) -> RequestPattern:
    """A pattern read by the reader of the TOML files."""
    return RequestTable.model_validate(table).pattern()


PATTERNS = [(group, case) for group in read("patterns.json")["patterns"] for case in group["cases"]]


@pytest.mark.parametrize(("group", "case"), PATTERNS, ids=[f"{g['name']} - {c['name']}" for g, c in PATTERNS])
def test_patterns(group: dict[str, Any], case: dict[str, Any]) -> None:
    """Whether a pattern matches a request, alone and as the only pattern of a service."""
    wanted, seen = pattern(group["pattern"]), observation(case["request"])
    assert wanted.matches(seen) is case["matches"]
    only = Service("s", "S", Kind.BLOG, (seen.host,), requests=(wanted,))
    assert (only.index.match(seen) is wanted) is case["matches"]


HOSTS = read("hosts.json")


@pytest.mark.parametrize("case", HOSTS["forms"], ids=lambda case: case["input"])
def test_host_forms(case: dict[str, str]) -> None:
    """Each way of writing a host has one form, which stays as it is."""
    assert host_of(case["input"]) == case["host"]
    assert host_of(case["host"]) == case["host"]


@pytest.mark.parametrize("case", HOSTS["matches"], ids=lambda case: case["input"])
def test_host_matches(case: dict[str, str | None]) -> None:
    """The service of a host by whole labels."""
    domains = HOSTS["domains"]
    none = tuple(domain for domain, service in domains.items() if service is None)
    services = [
        Service(
            service, service, Kind.BLOG, tuple(d for d, owner in domains.items() if owner == service), not_domains=none
        )
        for service in sorted({service for service in domains.values() if service})
    ]
    found = Catalogue(services).service_of(host_of(str(case["input"])))
    assert (found.id if found else None) == case["service"]


ACTIVITIES = read("activities.json")


@pytest.mark.parametrize("case", ACTIVITIES["cases"], ids=lambda case: case["name"])
def test_activities(case: dict[str, Any]) -> None:
    """What a request did, and how sure that is."""
    catalogue = Catalogue(
        Service(
            table["id"],
            table["id"],
            Kind(table["kind"]),
            tuple(table["domains"]),
            requests=tuple(map(pattern, table["requests"])),
            upload_publishes=table.get("upload_publishes", False),
        )
        for table in ACTIVITIES["services"]
    )
    seen = observation(case["request"])
    service = catalogue.service_of(seen.host)
    assert (service.id if service else None) == case["service"]
    if service:
        activity = catalogue.activity_of(service, seen)
        assert (activity, service.evidence_of(activity)) == (case["activity"], case["evidence"])


VERDICTS = read("verdicts.json")


@pytest.mark.parametrize("case", VERDICTS["uses"], ids=lambda case: case["name"])
def test_verdicts(case: dict[str, Any]) -> None:
    """What the tables of a small school say of a use."""
    lists = {key: VERDICTS[key] for key in ("named", "people", "official", "approvals", "grace")}
    tables = tables_from(VERDICTS["timeline"], VERDICTS["verdicts"], **lists)
    group = Group(case["group"], Equipment.SCHOOL, True, Audience.STAFF, case["timetable"])
    service = Service(case["service"], case["service"], Kind(case["kind"]), ())
    use = Use(service, Activity(case["activity"]), group, case["user"], Network(case["network"]))
    found = tables.look_up(use, instant_ms(datetime.fromisoformat(case["at"])))
    assert (found.period, found.outcome, found.rule, found.clause) == (
        case["period"],
        case["outcome"],
        case["rule"],
        case["clause"],
    )


POLICIES = read("policies.json")["cases"]


def shipped(name: str) -> Policy:
    """A shipped policy as it is read."""
    problems = Problems()
    policy = read_policy(config_dir() / "policies" / f"{name}.toml", [], problems)
    assert policy is not None
    assert problems.found == []
    return policy


@pytest.mark.parametrize("case", POLICIES, ids=lambda case: f"{case['policy']} - {case['name']}")
def test_policies(case: dict[str, Any]) -> None:
    """What a shipped policy says of a use in a period."""
    group = Group("g", Equipment(case["equipment"]), case["designated"], Audience(case["audience"]), "all-day")
    service = Service("s", "S", Kind(case["kind"]), ())
    judge = Judge(
        shipped(case["policy"]),
        {"all-day": Timeline((0,), (Period.CLOSED, Period(case["period"])))},
        official=frozenset({"u"} if case["official"] else ()),
        approvals=(Approval(0, 2, user="u", services=frozenset({"s"})),) if case["approval"] else (),
    )
    found = judge.judge_ms(Use(service, Activity(case["activity"]), group, "u", Network(case["network"])), 1)
    assert (found.outcome, found.clause) == (case["outcome"], case["clause"])


def test_every_shipped_policy_has_cases() -> None:
    """Five ship, and each is spoken of; so is each of their rules' clauses."""
    assert len(SHIPPED) == 5
    for name in SHIPPED:
        cited = {rule.clause for rule in shipped(name).rules}
        assert cited - {case["clause"] for case in POLICIES if case["policy"] == name} == set(), name


def test_names_of_cases_are_their_own() -> None:
    """A failing case can be found by its name."""
    files = {
        "patterns": [f"{g['name']} {c['name']}" for g, c in PATTERNS],
        "activities": [c["name"] for c in ACTIVITIES["cases"]],
        "verdicts": [c["name"] for c in VERDICTS["uses"]],
        "policies": [f"{c['policy']} {c['name']}" for c in POLICIES],
    }
    twice = {file: sorted({n for n in names if names.count(n) > 1}) for file, names in files.items()}
    assert [names for names in twice.values() if names] == []


def test_patterns_of_the_cases_can_be_written_as_toml() -> None:
    """They are what a service's file may hold, no more."""
    keys = {key for group, _ in PATTERNS for key in group["pattern"]}
    assert keys == set(
        tomllib.loads('activity=""\npath=""\nmethod=""\nhost=""\nquery={}\nform={}\nparams={}\njson={}\noperation=""')
    )
