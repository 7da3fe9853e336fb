"""Which rows of a week count as what: one source a group and day, then use, contacts and what is nobody's own use."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache

from lunchbell.policy.calendar import MINUTE, instant
from lunchbell.policy.words import NEVER_COVERED, Activity, Audience, Evidence, Outcome
from lunchbell.settings import Settings
from lunchbell.summary.judged import Judged
from lunchbell.summary.rows import PublishedRow, UsageRow
from lunchbell.summary.visits import visits
from lunchbell.summary.week import Week


class SortedRows:
    """A week's rows, each in the one place where it counts."""

    def __init__(
        self,
        settings: Settings,
        week: Week,
        usage: Sequence[UsageRow],
        published: Iterable[PublishedRow],
        now: datetime,
    ) -> None:
        self.settings, self.week, self.now = settings, week, now
        self.judged = Judged(settings, published)
        self.local = cache(self._local)
        self.everything = usage
        kept = self._one_source(usage)
        browsers = [row for row in kept if row.source == "extension"]
        kept = [row for row in kept if row.source != "extension"]
        embedded = [row for row in kept if row.activity == Activity.EMBEDDED]
        kept = [row for row in kept if row.activity != Activity.EMBEDDED]
        not_covered = [row for row in kept if row.outcome == Outcome.NOT_COVERED]
        self.covered = [row for row in kept if row.outcome != Outcome.NOT_COVERED]
        self.contacts = [row for row in self.covered if self.judged.evidence(row) is Evidence.CONTACT]
        self.used = [row for row in self.covered if self.judged.evidence(row) is not Evidence.CONTACT]
        self.unnamed = [row for row in self.used if not row.subject]
        named = (row for row in self.used if row.subject)
        self.visits = list(visits(named, self.judged.published, self.judged.bell_between))
        self.extension, self.embedded, self.not_covered = map(requests, (browsers, embedded, not_covered))

    def _one_source(self, usage: Sequence[UsageRow]) -> list[UsageRow]:
        """Where the live feed and an import cover the same group and day, the live feed alone."""
        live = {(row.group, self.when(row)[0]) for row in usage if row.source == "proxy"}
        twice = [row for row in usage if row.source == "log" and (row.group, self.when(row)[0]) in live]
        self.replaced = tuple(sorted({self.when(row)[0] for row in twice}))
        return [row for row in usage if row.source != "log" or (row.group, self.when(row)[0]) not in live]

    def when(self, row: UsageRow) -> tuple[date, int]:
        """The day and the minute after midnight by the clock on the school's wall."""
        return self.local(row.minute)

    def _local(self, minute: int) -> tuple[date, int]:
        at = instant(minute * MINUTE).astimezone(self.settings.zone)
        return at.date(), at.hour * 60 + at.minute

    def roster(self, group: str) -> int | None:
        """The people of a group, where the school's file says."""
        table = self.settings.file.groups.get(group)
        return table.people if table else None

    def audience(self, group: str) -> Audience:
        """Who uses a group's devices; of a group that is no longer in the file, only that it was judged."""
        known = self.settings.groups.get(group)
        return known.audience if known else Audience.STAFF

    def main_timetable(self) -> str:
        """The one that most of the covered people have."""
        people = dict.fromkeys(self.settings.calendar.timetables, 0)
        for id, group in self.settings.groups.items():
            people[group.timetable] += (self.roster(id) or 1) * (group.audience not in NEVER_COVERED)
        return max(people, key=lambda name: people[name])


def requests(rows: Iterable[UsageRow]) -> int:
    """How many requests they count."""
    return sum(row.requests for row in rows)
