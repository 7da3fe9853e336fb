"""Why this verdict: one described request, judged as the proxy would, with everything that decided it, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from lunchbell.plain_words import ACTIVITIES, OUTCOMES, PERIODS, clause_name, clock, day
from lunchbell.policy.calendar import instant, instant_ms
from lunchbell.policy.hosts import host_of
from lunchbell.policy.patterns import Observation
from lunchbell.policy.services import Service
from lunchbell.policy.urls import fields_of, url_parts
from lunchbell.policy.verdicts import Approval, Group, Use, Verdict, user_of
from lunchbell.policy.wall_clock import instant_on_wall
from lunchbell.policy.words import Activity, Network, Outcome
from lunchbell.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """A request as someone describes it; texts as the command's options give them."""

    at: str
    client: str
    url: str
    user: str = ""
    network: str = "school"
    method: str = "GET"
    form: str = ""
    dest: str = ""
    site: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked about and what decided; `service` None: no social media, so nothing was judged."""

    at: datetime
    group: Group
    verdict: Verdict
    service: Service | None = None
    activity: Activity | None = None
    until: datetime | None = None
    approval: Approval | None = None
    in_grace: bool = False


def answer(settings: Settings, question: Question) -> Answer:
    """Judge a question; ValueError in plain words if it cannot be understood."""
    at = _instant(settings, question.at)
    group = group_of(settings, question.client)
    if question.network not in list(Network):
        raise ValueError(f'network "{question.network}" is none of: {", ".join(Network)}')
    seen = observation(question)
    if not seen.host:
        raise ValueError(f'"{question.url}" names no host; write a URL such as https://www.example.org/')
    service = settings.catalogue.service_of(seen.host)
    if service is None:
        period = settings.judge.timeline(group, user_of(question.user)).period_at(instant_ms(at))
        return Answer(at, group, Verdict(period, Outcome.NOT_COVERED))
    activity = settings.catalogue.activity_of(service, seen)
    use = Use(service, activity, group, user_of(question.user), Network(question.network))
    judge, ms = settings.judge, instant_ms(at)
    verdict = judge.judge(use, at)
    return Answer(
        at=at,
        group=group,
        verdict=verdict,
        service=service,
        activity=activity,
        until=judge.until(use, at),
        approval=judge.approval_for(use, ms) if verdict.outcome is Outcome.APPROVED else None,
        in_grace=verdict != replace(judge, grace=0).judge(use, at) if judge.grace else False,
    )


def explanation(settings: Settings, found: Answer) -> str:
    """An answer as sentences, then what the rule says."""
    verdict, group = found.verdict, found.group
    at = found.at
    when = f"At {clock(at)} on {day(at)} it is {PERIODS[verdict.period]}."
    if found.service is None or found.activity is None:
        return f"{when}\nThis address is not social media, so the policy is not asked."
    doing = ACTIVITIES[found.activity].capitalize()
    where = f"{'their own device' if group.equipment == 'personal' else 'school equipment'}, group {group.id}"
    lines = [when]
    if found.activity is Activity.CONTACT:
        lines.append(f"{doing} {found.service.name} ({where}) proves no use, so summaries keep it apart.")
        lines.append(f"If it were use, it would be {OUTCOMES[verdict.outcome]}.")
    else:
        lines.append(f"{doing} {found.service.name} ({where}) is {OUTCOMES[verdict.outcome]}.")
    lines += _reasons(settings, found)
    if found.until:
        there = found.until.astimezone(settings.zone)
        lines.append(f"This changes at {clock(there)}{'' if there.date() == at.date() else f' on {day(there)}'}.")
    lines.append(f"Decided by rule {verdict.rule} of {settings.fingerprint}.")
    return "\n".join(lines)


def _reasons(settings: Settings, found: Answer) -> Iterator[str]:
    verdict = found.verdict
    if verdict.outcome is Outcome.APPROVED:
        for approval, table in zip(settings.judge.approvals, settings.file.approvals, strict=True):
            if approval == found.approval:
                until = _moment(settings, approval.last)
                yield f"Agreed by the {table.approved_by} ({table.reason}) until {until}. Without that:"
    if found.in_grace:
        minutes = settings.file.grace_minutes
        yield f"The bell has just gone; what was permitted before it still is, for {minutes} minutes."
    if verdict.clause:
        clause = settings.policy.clause(verdict.clause)
        yield f"{settings.policy.school}, {clause_name(clause)}: {clause.summary}"
    else:
        yield _WITHOUT_CLAUSE[verdict.rule]


def _moment(settings: Settings, ms: int) -> str:
    at = instant(ms).astimezone(settings.zone)
    return f"{clock(at)} on {day(at)}"


_WITHOUT_CLAUSE = {
    "embedded": "Another site's page asked for it, so it is not the person's own use.",
    "audience": "This group's use is never judged: Lunchbell is about the conduct of staff.",
    "teaching": "The school uses this service for teaching, so opening it is school use.",
}


def group_of(settings: Settings, client: str) -> Group:
    """The group of a client's address; ValueError in plain words if there is none."""
    try:
        group = settings.clients.group_of(client)
    except ValueError:
        raise ValueError(f'client "{client}" is no address; write it like 10.40.1.17 or fd40:1::7') from None
    if group is None:
        raise ValueError(f"{settings.path.name}: client {client} is in no group; add its network to a group's networks")
    return group


def observation(question: Question) -> Observation:
    """The request as the proxy would have seen it. Without Sec-Fetch, a GET is taken to be answered by a page."""
    host, path, query = url_parts(question.url)
    body = question.form.strip()
    document = None
    if body.startswith("{"):
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"--form begins with a brace but is not JSON: {error}") from None
    return Observation(
        host=host,
        method=question.method.upper(),
        path=path,
        query=query,
        form={} if document is not None else fields_of(body),
        json=document,
        dest=question.dest,
        site=question.site,
        origin=host_of(question.origin) if question.origin not in ("", "null") else "",
        html=question.method.upper() == "GET",
    )


def _instant(settings: Settings, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'--at "{text}" is no time; write it like 2026-11-16T12:20') from None
    return instant_on_wall(at, settings.zone).astimezone(settings.zone)
