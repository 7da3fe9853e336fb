"""The store's rows -> the figures of a week."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from lunchbell.plain_words import policy_name
from lunchbell.policy.words import Activity, Audience, Equipment, Kind, Outcome, Period
from lunchbell.settings import Settings
from lunchbell.summary import grid
from lunchbell.summary.figures import (
    Figures,
    GroupFigures,
    Limits,
    Outside,
    Published,
    Reason,
    ServiceFigures,
    Use,
    of_requests,
    of_visit,
)
from lunchbell.summary.rows import GapRow, PublishedRow, UsageRow
from lunchbell.summary.silences import silences
from lunchbell.summary.small_groups import FEWEST, folded
from lunchbell.summary.sorting import SortedRows, requests
from lunchbell.summary.visits import Visit
from lunchbell.summary.week import Week


def figures(
    settings: Settings, week: Week, usage: Iterable[UsageRow], published: Iterable[PublishedRow],
    gaps: Iterable[GapRow], *, rejected: int, now: datetime,
) -> Figures:  # fmt: skip
    """The figures of a week from its rows in the store, at an aware instant.

    `gaps` is what feeds report not to know about; `rejected` events could not be read.
    """
    rows = SortedRows(settings, week, list(usage), published, now)
    by_group = _by_group(rows)
    outside, things = _outside(rows), _published(rows)
    cited = {part.clause for part in outside} | {thing.clause for thing in things if thing.reason}
    return Figures(
        school=settings.file.school.name,
        week=week,
        state=week.state(now, settings.zone),
        made=now.astimezone(settings.zone),
        staff_only=all(rows.audience(row.group) is Audience.STAFF for row in rows.used),
        timetable=rows.main_timetable(),
        other_bells=len(settings.calendar.timetables) > 1,
        policy_name=policy_name(settings.policy),
        policies=tuple(dict.fromkeys(row.policy for row in rows.covered)),
        clauses={clause.id: clause for clause in settings.policy.clauses if clause.id in cited},
        recorded=bool(rows.everything),
        use=sum(by_group.values(), Use()),
        teaching=sum(visit.decisive.rule == "teaching" for visit in rows.visits),
        reading=sum(_only_reading(rows, visit) for visit in rows.visits),
        outside=outside,
        published=things,
        services=_services(rows),
        groups=_breakdown(rows, by_group),
        days=grid.days(rows),
        cells=grid.cells(rows),
        marks=grid.marks(rows),
        ticks=grid.ticks(rows),
        contacts=requests(rows.contacts),
        limits=_limits(rows, by_group, gaps, rejected),
    )


def _by_group(rows: SortedRows) -> dict[str, Use]:
    found: defaultdict[str, Use] = defaultdict(Use)
    for visit in rows.visits:
        found[visit.decisive.group] += of_visit(visit.outcome)
    for row in rows.unnamed:
        found[row.group] += of_requests(Outcome(row.outcome), row.requests)
    return dict(found)


def _breakdown(rows: SortedRows, groups: Mapping[str, Use]) -> tuple[GroupFigures, ...]:
    fold = folded(_sizes(rows, groups))
    if fold == groups.keys():
        return ()
    shown = [GroupFigures(group, use) for group, use in sorted(groups.items()) if group not in fold]
    if fold:
        shown.append(GroupFigures("", sum((groups[group] for group in fold), Use())))
    return tuple(shown)


def _sizes(rows: SortedRows, groups: Iterable[str]) -> dict[str, int]:
    """People by the roster, else as many as were seen; a group of unknown size is small until five are seen."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows.used:
        if row.subject:
            seen[row.group].add(row.subject)
    return {group: rows.roster(group) or len(seen[group]) for group in groups}


def _only_reading(rows: SortedRows, visit: Visit) -> bool:
    row = visit.decisive
    encyclopaedia = rows.judged.kind(row.service) is Kind.ENCYCLOPAEDIA
    return encyclopaedia and not visit.published and row.rule != "teaching"


def _outside(rows: SortedRows) -> tuple[Outside, ...]:
    by_visit: Counter[tuple[Period, Reason, str]] = Counter()
    by_request: Counter[tuple[Period, Reason, str]] = Counter()
    for visit in rows.visits:
        if visit.outcome is Outcome.NOT_PERMITTED:
            by_visit[_why(rows, visit.decisive)] += 1
    for row in rows.unnamed:
        if row.outcome == Outcome.NOT_PERMITTED:
            by_request[_why(rows, row)] += row.requests
    keys = sorted(by_visit | by_request, key=lambda key: (-by_visit[key], -by_request[key], key))
    return tuple(Outside(*key, by_visit[key], by_request[key]) for key in keys)


def _why(rows: SortedRows, row: UsageRow) -> tuple[Period, Reason, str]:
    return Period(row.period), rows.judged.reason(row), rows.judged.clause(row)


def _published(rows: SortedRows) -> tuple[Published, ...]:
    counts: Counter[tuple[Activity, str, Period, Outcome, Reason | None, str]] = Counter()
    for row in rows.used:
        if rows.judged.published(row):
            outcome = Outcome(row.outcome)
            reason = rows.judged.reason(row) if outcome is Outcome.NOT_PERMITTED else None
            name = rows.judged.name(row.service)
            key = (Activity(row.activity), name, Period(row.period), outcome, reason, rows.judged.clause(row))
            counts[key] += row.requests
    ordered = sorted(counts.items(), key=lambda item: (-item[1], [str(part) for part in item[0]]))
    return tuple(Published(*key, count) for key, count in ordered)


def _services(rows: SortedRows) -> tuple[ServiceFigures, ...]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for visit in rows.visits:
        counts[visit.decisive.service]["published" if visit.published else "opened"] += 1
    for row in rows.unnamed:
        how = "published_requests" if rows.judged.published(row) else "opened_requests"
        counts[row.service][how] += row.requests
    for row in rows.contacts:
        counts[row.service]["contacts"] += row.requests
    found = [ServiceFigures(id, rows.judged.name(id), **count) for id, count in counts.items()]
    return tuple(sorted(found, key=lambda s: (
        -(s.published + s.opened), -(s.published_requests + s.opened_requests), -s.contacts, s.name
    )))  # fmt: skip


def _limits(rows: SortedRows, groups: Iterable[str], gaps: Iterable[GapRow], rejected: int) -> Limits:
    seen = {row.service for row in rows.covered}
    unseen = [(s.name, tuple(sorted(s.publishing_unseen))) for s in rows.judged.services(seen) if s.publishing_unseen]
    personal = {
        row.group
        for row in rows.covered
        if (group := rows.settings.groups.get(row.group)) and group.equipment is Equipment.PERSONAL
    }
    rosters = [rows.roster(group) for group in groups]
    return Limits(
        embedded=rows.embedded,
        not_covered=rows.not_covered,
        extension=rows.extension,
        rejected=rejected,
        silences=silences(gaps, rows.settings.zone),
        live_instead_of_log=rows.replaced,
        silent_days=grid.silent_days(rows),
        publishing_unseen=tuple(sorted(unseen)),
        personal_groups=tuple(sorted(personal)),
        folded_groups=bool(folded(_sizes(rows, groups))),
        too_few=bool(rosters) and None not in rosters and sum(filter(None, rosters)) < FEWEST,
    )
