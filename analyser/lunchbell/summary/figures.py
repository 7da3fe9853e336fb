"""The figures of one week: what every page, file and sentence is made from. No subject and no address is in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lunchbell.policy.rules import Clause
from lunchbell.policy.words import Activity, Outcome, Period
from lunchbell.summary.silences import Silence
from lunchbell.summary.week import State, Week


class Reason(StrEnum):
    """Why something was not permitted."""

    TIMES = "times"
    """The same would be permitted at another time of day."""
    ALWAYS = "always"
    """It would be permitted at no time: the policy says so of this equipment, network or activity."""
    UNKNOWN = "unknown"
    """Settings that are no longer here judged it."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there were of each outcome."""

    permitted: int = 0
    approved: int = 0
    outside: int = 0

    @property
    def total(self) -> int:
        """The whole."""
        return self.permitted + self.approved + self.outside

    @property
    def within(self) -> int:
        """Permitted, or covered by a prior approval."""
        return self.permitted + self.approved

    def with_one(self, outcome: Outcome, count: int = 1) -> "Tally":
        """This and `count` more; what is not covered is not counted."""
        return Tally(
            self.permitted + count * (outcome is Outcome.PERMITTED),
            self.approved + count * (outcome is Outcome.APPROVED),
            self.outside + count * (outcome is Outcome.NOT_PERMITTED),
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.permitted + other.permitted, self.approved + other.approved, self.outside + other.outside)


@dataclass(frozen=True, slots=True)
class Use:
    """Visits, and apart from them the requests that opened or published something where no name is known."""

    visits: Tally = Tally()
    requests: Tally = Tally()

    def __add__(self, other: "Use") -> "Use":
        return Use(self.visits + other.visits, self.requests + other.requests)


def of_visit(outcome: Outcome) -> Use:
    """One visit."""
    return Use(visits=Tally().with_one(outcome))


def of_requests(outcome: Outcome, count: int) -> Use:
    """Requests where no name is known."""
    return Use(requests=Tally().with_one(outcome, count))


@dataclass(frozen=True, slots=True)
class Outside:
    """Use that was not permitted, by what it has in common; `clause` is an id, empty if it is no longer known."""

    period: Period
    reason: Reason
    clause: str
    visits: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """Posts, comments, messages, edits and uploads alike in all of these."""

    activity: Activity
    service: str
    period: Period
    outcome: Outcome
    reason: Reason | None
    clause: str
    count: int


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """One service: visits that published, visits that only opened, unnamed requests by the same two, and contacts."""

    id: str
    name: str
    published: int = 0
    opened: int = 0
    published_requests: int = 0
    opened_requests: int = 0
    contacts: int = 0


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group that may be shown by itself; `id` is empty for the smaller groups together."""

    id: str
    use: Use


@dataclass(frozen=True, slots=True)
class Cell:
    """One period of one day."""

    day: date
    period: Period
    use: Use = Use()
    contacts: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """One visit, or some unnamed use, in the timetable: where it began, in minutes after midnight, rounded to five."""

    day: date
    minute: int
    outcome: Outcome
    named: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day's bells on the timetable that most staff have: (minute after midnight, period that begins)."""

    date: date
    worked: bool
    periods: tuple[tuple[int, Period], ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What these figures cannot show, or leave out."""

    embedded: int = 0
    not_covered: int = 0
    extension: int = 0
    rejected: int = 0
    silences: tuple[Silence, ...] = ()
    live_instead_of_log: tuple[date, ...] = ()
    silent_days: tuple[date, ...] = ()
    publishing_unseen: tuple[tuple[str, tuple[Activity, ...]], ...] = ()
    personal_groups: tuple[str, ...] = ()
    folded_groups: bool = False
    too_few: bool = False
    """All who are covered are fewer than five people: only totals are shown."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One week of one school."""

    school: str
    week: Week
    state: State
    made: datetime
    """When, in the school's own time."""
    staff_only: bool
    timetable: str
    other_bells: bool
    """Whether there are other timetables: what their bells judged is counted, but not drawn on this one."""
    policy_name: str
    policies: tuple[str, ...]
    """The fingerprints of the settings that judged this week's rows."""
    clauses: Mapping[str, Clause]
    """The clauses cited, in the policy's own order."""
    recorded: bool
    use: Use
    teaching: int
    """Visits that only opened what the school teaches with."""
    reading: int
    """Other visits that only read an encyclopaedia."""
    outside: tuple[Outside, ...]
    published: tuple[Published, ...]
    services: tuple[ServiceFigures, ...]
    groups: tuple[GroupFigures, ...]
    days: tuple[Day, ...]
    cells: tuple[Cell, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[date, int], ...]
    """Five-minute stretches with contacts: day, minutes after midnight."""
    contacts: int
    limits: Limits

    @property
    def in_visits(self) -> bool:
        """Whether there are visits to speak of; else figures are in requests, because no names are known."""
        return self.use.visits.total > 0 or self.use.requests.total == 0

    @property
    def main(self) -> Tally:
        """Visits if there are any, else requests."""
        return self.use.visits if self.in_visits else self.use.requests
