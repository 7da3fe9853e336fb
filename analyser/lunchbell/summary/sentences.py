"""Figures -> plain sentences, each under twenty words, numbers with their whole, clauses by their label. No blame."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lunchbell.plain_words import clause_label, clock
from lunchbell.policy.words import Activity, Outcome, Period
from lunchbell.summary.english import OUTSIDE, THINGS, WHEN, a_few, listed, number, some, was
from lunchbell.summary.figures import Figures, Outside, Published, Reason
from lunchbell.summary.limits import limits
from lunchbell.summary.week import State


@dataclass(frozen=True, slots=True)
class Letter:
    """What the page says, in its order; pictures and tables stand between."""

    state: str
    """Empty for a week that is over."""
    headline: str
    opening: tuple[str, ...]
    outside: tuple[str, ...]
    published: tuple[str, ...]
    services: tuple[str, ...]
    groups: tuple[str, ...]
    apart: tuple[str, ...]
    limits: tuple[str, ...]


def letter(figures: Figures) -> Letter:
    """Everything there is to say about a week."""
    return Letter(
        state=_state(figures),
        headline=_headline(figures),
        opening=tuple(_opening(figures)),
        outside=tuple(_outside(figures)),
        published=tuple(_published(figures)),
        services=tuple(_services(figures)),
        groups=tuple(_groups(figures)),
        apart=tuple(_apart(figures)),
        limits=tuple(limits(figures)),
    )


def _state(figures: Figures) -> str:
    if figures.state is State.AHEAD:
        return "This week has not begun."
    if figures.state is State.SO_FAR:
        return f"This is the week so far, up to {figures.made:%A} {clock(figures.made)}."
    return ""


def _headline(figures: Figures) -> str:
    main, unit = figures.main, unit_of(figures)
    if not figures.recorded:
        return "Nothing was recorded in this week."
    if not main.total:
        return "No visit to social media was seen in this week."
    if not main.outside:
        if main.total == 1:
            return f"The only {unit[0]} was within what the policy permits."
        return f"All {some(main.total, *unit)} were within what the policy permits."
    if main.total == 1:
        return f"The only {unit[0]} was not within what the policy permits."
    whole = f"{number(main.within)} of {some(main.total, *unit)}"
    if figures.in_visits and all(part.reason is Reason.TIMES for part in figures.outside if part.visits):
        return f"{'Staff' if figures.staff_only else 'People'} kept to the permitted times on {whole}."
    return f"{whole} {was(main.within)} within what the policy permits."


def _opening(figures: Figures) -> Iterator[str]:
    main = figures.main
    if main.outside:
        by_period = Counter[str]()
        for part in figures.outside:
            by_period[WHEN[part.period]] += part.visits if figures.in_visits else part.requests
        parts = _at_most_three([(when, count) for when, count in by_period.most_common() if count])
        if main.outside == main.total:
            rest = "It was" if main.total == 1 else "They were"
        else:
            rest = "The other one was" if main.outside == 1 else f"The other {number(main.outside)} were"
        yield f"{rest} {listed([f'{when} ({number(count)})' for when, count in parts])}."
    if main.approved:
        yield f"A prior approval covered {number(main.approved)} of the {number(main.within)}."
    if figures.in_visits and (others := figures.use.requests).total:
        whole = some(others.total, "unnamed request")
        yield f"Besides, {number(others.within)} of {whole} {was(others.within)} within what the policy permits."
    yield from _published_in_short(figures)


def _at_most_three(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return parts if len(parts) <= 3 else [*parts[:2], ("at other times", sum(count for _, count in parts[2:]))]


def _published_in_short(figures: Figures) -> Iterator[str]:
    total = sum(thing.count for thing in figures.published)
    outside = sum(thing.count for thing in figures.published if thing.outcome is Outcome.NOT_PERMITTED)
    if not total:
        if figures.main.total:
            yield "Nothing was seen to be published."
        return
    kinds = _by_activity(figures)
    first, others = kinds if len(kinds) <= 3 else kinds[:2], 0 if len(kinds) <= 3 else sum(n for _, n in kinds[2:])
    parts = [some(count, *THINGS[activity]) for activity, count in first]
    seen = listed([*parts, some(others, "other")] if others else parts)
    if not outside:
        yield f"{seen} {was(total)} published, {'all ' if total > 1 else ''}within what the policy permits."
        return
    reasons = {thing.reason for thing in figures.published if thing.reason}
    how = OUTSIDE[Reason.TIMES if reasons == {Reason.TIMES} else Reason.UNKNOWN]
    yield f"{seen} {was(total)} published; {number(outside)} of {number(total)} {was(outside)} {how}."


def _by_activity(figures: Figures) -> list[tuple[Activity, int]]:
    counts = Counter[Activity]()
    for thing in figures.published:
        counts[thing.activity] += thing.count
    return sorted(counts.items(), key=lambda item: (-item[1], list(Activity).index(item[0])))


def _outside(figures: Figures) -> Iterator[str]:
    for part in figures.outside:
        if part.visits:
            whole = f"{number(part.visits)} of {some(figures.use.visits.total, 'visit')}"
            yield f"{_where(part, whole, part.visits)}{_cite(figures, part.clause)}."
    for part in figures.outside:
        if part.requests:
            whole = f"{number(part.requests)} of {some(figures.use.requests.total, 'unnamed request')}"
            yield f"{_where(part, whole, part.requests)}{_cite(figures, part.clause)}."


def _where(part: Outside, whole: str, count: int) -> str:
    return f"{whole}, {WHEN[part.period]}, {was(count)} {OUTSIDE[part.reason]}"


def _cite(figures: Figures, clause: str) -> str:
    known = figures.clauses.get(clause)
    return f" ({clause_label(known)})" if known else ""


def _published(figures: Figures) -> Iterator[str]:
    alike: dict[tuple[Activity, Period, Reason, str], list[Published]] = {}
    for thing in figures.published:
        if thing.reason:
            alike.setdefault((thing.activity, thing.period, thing.reason, thing.clause), []).append(thing)
    for (activity, period, reason, clause), things in alike.items():
        count = sum(thing.count for thing in things)
        where = things[0].service if len(things) == 1 else f"{number(len(things))} services"
        what = f"{some(count, *THINGS[activity])} on {where}, {WHEN[period]},"
        yield f"{what} {was(count)} {OUTSIDE[reason]}{_cite(figures, clause)}."
    if approved := sum(thing.count for thing in figures.published if thing.outcome is Outcome.APPROVED):
        total = sum(thing.count for thing in figures.published)
        yield f"A prior approval covered {number(approved)} of {some(total, 'publication')}."


def _services(figures: Figures) -> Iterator[str]:
    total = figures.use.visits.total
    if figures.teaching:
        yield f"{number(figures.teaching)} of {some(total, 'visit')} opened a service that the school teaches with."
    if figures.reading:
        yield f"{number(figures.reading)} of {some(total, 'visit')} only read an encyclopaedia."


def _groups(figures: Figures) -> Iterator[str]:
    if figures.limits.folded_groups and figures.groups:
        yield "Groups with fewer than five people, or too few to hide them, are counted together as smaller groups."
    elif figures.limits.folded_groups:
        yield "There is no table by group, because it would show fewer than five people by themselves."


def _apart(figures: Figures) -> Iterator[str]:
    if figures.contacts:
        names = [service.name for service in figures.services if service.contacts]
        yield f"Devices made {some(figures.contacts, 'contact')} with {a_few(names)}."
        yield "A contact proves no use: an app in the background or a page's own traffic makes them too."
    if figures.limits.personal_groups:
        groups = a_few(figures.limits.personal_groups)
        yield f"Traffic of personal devices ({groups}) is never opened, so it yields contacts only."
    if count := figures.limits.embedded:
        yield f"{some(count, 'request')} {was(count)} for buttons or pictures inside other pages: nobody's own use."
    if count := figures.limits.not_covered:
        yield f"{some(count, 'request')} came from pupils, visitors or others whom the policy does not cover."
    if count := figures.limits.extension:
        yield f"Browsers reported {some(count, 'activity', 'activities')}: unverified, so not in these figures."


def unit_of(figures: Figures) -> tuple[str, str]:
    """What the main figures count: visits, else requests without a name."""
    return ("visit", "visits") if figures.in_visits else ("unnamed request", "unnamed requests")


def cited(figures: Figures) -> list[tuple[str, str]]:
    """What each cited clause says: its name, then its summary in our own words."""
    return [
        (label[0].upper() + label[1:] + (f" ({clause.heading})" if clause.label else ""), clause.summary)
        for clause in figures.clauses.values()
        if (label := clause_label(clause))
    ]
