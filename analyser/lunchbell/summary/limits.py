"""What a summary must say about itself: what is missing from it, what cannot be seen, and who judged."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from lunchbell.plain_words import clock
from lunchbell.policy.words import Activity
from lunchbell.summary.english import THINGS, a_few, listed, number, some
from lunchbell.summary.figures import Figures
from lunchbell.summary.silences import Silence

SHORT = timedelta(minutes=1)
"""A restart: such silences are only counted."""

REASONS = {
    "stopped": "it was stopped",
    "crashed": "it was not running",
    "paused": "monitoring was paused",
    "full": "its disk or memory was full",
    "mistake": "Lunchbell made a mistake",
    "clock": "its clock was set to another time",
    "unheard": "nothing has been heard of it since",
    "store": "the analyser's store was set back",
}


def limits(figures: Figures) -> Iterator[str]:
    """Sentences, the gravest first."""
    yield from _incomplete(figures)
    yield from _unseen(figures)
    yield from _meaning(figures)
    yield from _who_judged(figures)


def _incomplete(figures: Figures) -> Iterator[str]:
    found = figures.limits
    if found.silent_days and figures.recorded:
        days = a_few([f"{day:%A}" for day in found.silent_days])
        yield f"Nothing at all was recorded on {days}. This week may not be complete."
    yield from silence_sentences(found.silences)
    if found.rejected:
        events = some(found.rejected, "event")
        yield f"{events} since recording began could not be read. Figures of that time are not complete."
    if found.live_instead_of_log:
        days = a_few([f"{day:%A}" for day in found.live_instead_of_log])
        yield f"Live feed and imported log both cover {days}; the live feed was used."
    if figures.use.requests.total:
        yield f"No name is known for {some(figures.use.requests.total, 'request')}, so they make no visits."
        yield "They are counted by group, as requests that opened or published something."
    if found.too_few:
        yield "Fewer than five people are covered, so only totals are shown."


def silence_sentences(found: Iterable[Silence]) -> Iterator[str]:
    """The long ones one by one, the short ones by their number."""
    short: dict[str, int] = {}
    for silence in found:
        if silence.end - silence.start < SHORT and not silence.lost:
            short[silence.feed] = short.get(silence.feed, 0) + 1
            continue
        stretch = _stretch(silence.start, silence.end)
        yield f"{silence.feed} did not record everything {stretch}: {REASONS[silence.reason]}."
        if silence.lost:
            yield f"{some(silence.lost, 'event')} of that time are known to be missing."
    for feed, count in sorted(short.items()):
        times = "once" if count == 1 else f"{number(count)} times"
        yield f"{feed} was silent {times} for less than a minute."


def _stretch(start: datetime, end: datetime) -> str:
    if end - start < SHORT:
        return f"at {clock(start)} on {start:%A}"
    if start.date() == end.date():
        return f"on {start:%A} from {clock(start)} to {clock(end)}"
    return f"from {start:%A} {clock(start)} to {end:%A} {clock(end)}"


def _unseen(figures: Figures) -> Iterator[str]:
    by_things: dict[tuple[Activity, ...], list[str]] = {}
    for service, activities in figures.limits.publishing_unseen:
        by_things.setdefault(activities, []).append(service)
    for activities, services in by_things.items():
        things = listed([THINGS[activity][1] if activity in THINGS else activity.value for activity in activities])
        yield f"{things.capitalize()} on {a_few(services, 4)} cannot be seen, so they are missing here."


def _meaning(figures: Figures) -> Iterator[str]:
    if figures.use.visits.total:
        yield "A visit is one person or device on one service, with no gap over ten minutes."
        yield "A bell ends a visit. It is never time spent: Lunchbell cannot know that."
    if figures.main.total:
        yield "Purpose cannot be seen either, only the time, the service and what was done."


def _who_judged(figures: Figures) -> Iterator[str]:
    if len(figures.policies) == 1:
        yield f"Judged by {figures.policies[0]}."
    elif figures.policies:
        versions = listed(figures.policies) if len(figures.policies) < 9 else a_few(figures.policies, 8)
        yield f"The settings changed, so {number(len(figures.policies))} versions judged this week: {versions}."
