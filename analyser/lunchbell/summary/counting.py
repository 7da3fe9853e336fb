"""The store's rows -> the figures of a week."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache

from lunchbell.plain_words import policy_name
from lunchbell.policy.calendar import MINUTE, instant
from lunchbell.policy.words import NEVER_COVERED, Activity, Audience, Equipment, Evidence, Kind, Outcome, Period
from lunchbell.settings import Settings
from lunchbell.summary.figures import (
    Cell, Day, Figures, GroupFigures, Limits, Mark, Outside, Published, Reason, ServiceFigures, Tally, Use,
)  # fmt: skip
from lunchbell.summary.judged import Judged
from lunchbell.summary.rows import PublishedRow, UsageRow
from lunchbell.summary.small_groups import FEWEST, folded
from lunchbell.summary.visits import Visit, visits
from lunchbell.summary.week import Week


def figures(
    settings: Settings, week: Week, usage: Iterable[UsageRow], published: Iterable[PublishedRow],
    *, rejected: int, now: datetime,
) -> Figures:  # fmt: skip
    """The figures of a week from its rows in the store, at an aware instant; `rejected` events could not be read."""
    return _Count(settings, week, list(usage), published, now).figures(rejected)


class _Count:
    """One pass over a week's rows."""

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
        self.all_rows = usage
        self.rows, self.replaced = self._one_source(usage)
        kept = [row for row in self.rows if row.source != "extension"]
        self.extension = sum(row.requests for row in self.rows) - sum(row.requests for row in kept)
        self.embedded = sum(row.requests for row in kept if row.activity == Activity.EMBEDDED)
        kept = [row for row in kept if row.activity != Activity.EMBEDDED]
        self.covered = [row for row in kept if row.outcome != Outcome.NOT_COVERED]
        self.not_covered = sum(row.requests for row in kept) - sum(row.requests for row in self.covered)
        self.contact_rows = [row for row in self.covered if self.judged.evidence(row) is Evidence.CONTACT]
        used = [row for row in self.covered if self.judged.evidence(row) is not Evidence.CONTACT]
        self.used = used
        self.unnamed = [row for row in used if not row.subject]
        self.visits = list(visits((r for r in used if r.subject), self.judged.published, self.judged.bell_between))

    def figures(self, rejected: int) -> Figures:
        """Everything that is shown."""
        settings, state = self.settings, self.week.state(self.now, self.settings.zone)
        groups = self._groups()
        outside, things = self._outside(), self._published()
        cited = {part.clause for part in (*outside, *things) if part.clause}
        return Figures(
            school=settings.file.school.name,
            week=self.week,
            state=state,
            made=self.now.astimezone(settings.zone),
            staff_only=all(self._audience(row.group) is Audience.STAFF for row in self.used),
            timetable=self._main_timetable(),
            policy_name=policy_name(settings.policy),
            policies=tuple(dict.fromkeys(row.policy for row in self.covered)),
            clauses={clause.id: clause for clause in settings.policy.clauses if clause.id in cited},
            recorded=bool(self.all_rows),
            use=sum(groups.values(), Use()),
            teaching=sum(visit.decisive.rule == "teaching" for visit in self.visits),
            reading=sum(self._only_reading(visit) for visit in self.visits),
            outside=outside,
            published=things,
            services=self._services(),
            groups=self._breakdown(groups),
            days=self._days(),
            cells=self._cells(),
            marks=self._marks(),
            ticks=tuple(sorted({(day, minute // 5 * 5) for day, minute in map(self._when, self.contact_rows)})),
            contacts=sum(row.requests for row in self.contact_rows),
            limits=self._limits(rejected, groups),
        )

    def _one_source(self, usage: Sequence[UsageRow]) -> tuple[list[UsageRow], tuple[date, ...]]:
        """Where the live feed and an import cover the same group and day, the live feed alone; and those days."""
        live = {(row.group, self._when(row)[0]) for row in usage if row.source == "proxy"}
        twice = [row.source == "log" and (row.group, self._when(row)[0]) in live for row in usage]
        kept = [row for row, again in zip(usage, twice, strict=True) if not again]
        days = {self._when(row)[0] for row, again in zip(usage, twice, strict=True) if again}
        return kept, tuple(sorted(days))

    def _groups(self) -> dict[str, Use]:
        found: defaultdict[str, Use] = defaultdict(Use)
        for visit in self.visits:
            found[visit.decisive.group] += _use(visit)
        for row in self.unnamed:
            found[row.group] += _requests(row)
        return dict(found)

    def _breakdown(self, groups: Mapping[str, Use]) -> tuple[GroupFigures, ...]:
        fold = folded(self._sizes(groups))
        if fold == groups.keys():
            return ()
        shown = [GroupFigures(group, use) for group, use in sorted(groups.items()) if group not in fold]
        if fold:
            shown.append(GroupFigures("", sum((groups[group] for group in fold), Use())))
        return tuple(shown)

    def _sizes(self, groups: Iterable[str]) -> dict[str, int]:
        """People by the roster, else as many as were seen; a group of unknown size is small until five are seen."""
        seen: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.used:
            if row.subject:
                seen[row.group].add(row.subject)
        return {group: self._roster(group) or len(seen[group]) for group in groups}

    def _roster(self, group: str) -> int | None:
        table = self.settings.file.groups.get(group)
        return table.people if table else None

    def _audience(self, group: str) -> Audience:
        known = self.settings.groups.get(group)
        return known.audience if known else Audience.STAFF

    def _only_reading(self, visit: Visit) -> bool:
        row = visit.decisive
        encyclopaedia = self.judged.kind(row.service) is Kind.ENCYCLOPAEDIA
        return encyclopaedia and not visit.published and row.rule != "teaching"

    def _outside(self) -> tuple[Outside, ...]:
        by_visit: Counter[tuple[Period, Reason, str]] = Counter()
        by_request: Counter[tuple[Period, Reason, str]] = Counter()
        for visit in self.visits:
            if visit.outcome is Outcome.NOT_PERMITTED:
                by_visit[self._why(visit.decisive)] += 1
        for row in self.unnamed:
            if row.outcome == Outcome.NOT_PERMITTED:
                by_request[self._why(row)] += row.requests
        keys = sorted(by_visit | by_request, key=lambda key: (-by_visit[key], -by_request[key], key))
        return tuple(Outside(*key, by_visit[key], by_request[key]) for key in keys)

    def _why(self, row: UsageRow) -> tuple[Period, Reason, str]:
        return Period(row.period), self.judged.reason(row), self.judged.clause(row)

    def _published(self) -> tuple[Published, ...]:
        counts: Counter[tuple[Activity, str, Period, Outcome, Reason | None, str]] = Counter()
        for row in self.used:
            if self.judged.published(row):
                outcome = Outcome(row.outcome)
                reason = self.judged.reason(row) if outcome is Outcome.NOT_PERMITTED else None
                name = self.judged.name(row.service)
                key = (Activity(row.activity), name, Period(row.period), outcome, reason, self.judged.clause(row))
                counts[key] += row.requests
        ordered = sorted(counts.items(), key=lambda item: (-item[1], [str(part) for part in item[0]]))
        return tuple(Published(*key, count) for key, count in ordered)

    def _services(self) -> tuple[ServiceFigures, ...]:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for visit in self.visits:
            counts[visit.decisive.service]["published" if visit.published else "opened"] += 1
        for row in self.unnamed:
            how = "published_requests" if self.judged.published(row) else "opened_requests"
            counts[row.service][how] += row.requests
        for row in self.contact_rows:
            counts[row.service]["contacts"] += row.requests
        found = [ServiceFigures(id, self.judged.name(id), **count) for id, count in counts.items()]
        return tuple(sorted(found, key=lambda s: (
            -(s.published + s.opened), -(s.published_requests + s.opened_requests), -s.contacts, s.name
        )))  # fmt: skip

    def _days(self) -> tuple[Day, ...]:
        table = self._main_timetable()
        bells = [(day, self.settings.calendar.bells(day, table)) for day in self.week.days]
        return tuple(
            Day(day, rung is not None, tuple(rung.periods()) if rung else ((0, Period.CLOSED),)) for day, rung in bells
        )

    def _main_timetable(self) -> str:
        """The one that most staff have."""
        people: Counter[str] = Counter()
        for id, group in self.settings.groups.items():
            people[group.timetable] += (self._roster(id) or 1) * (group.audience not in NEVER_COVERED)
        return max(people, key=lambda name: people[name])

    def _cells(self) -> tuple[Cell, ...]:
        use: defaultdict[tuple[date, Period], Use] = defaultdict(Use)
        contacts: Counter[tuple[date, Period]] = Counter()
        for visit in self.visits:
            use[self.local(visit.minute)[0], Period(visit.decisive.period)] += _use(visit)
        for row in self.unnamed:
            use[self._when(row)[0], Period(row.period)] += _requests(row)
        for row in self.contact_rows:
            contacts[self._when(row)[0], Period(row.period)] += row.requests
        order = list(Period)
        keys = sorted(use.keys() | contacts.keys(), key=lambda key: (key[0], order.index(key[1])))
        return tuple(Cell(*key, use[key], contacts[key]) for key in keys)

    def _marks(self) -> tuple[Mark, ...]:
        marks = [Mark(*self._rounded(visit.minute), visit.outcome, True) for visit in self.visits]
        unnamed = {(row.group, row.service, *self._rounded(row.minute), Outcome(row.outcome)) for row in self.unnamed}
        marks += [Mark(day, minute, outcome, False) for _, _, day, minute, outcome in unnamed]
        return tuple(sorted(marks))

    def _limits(self, rejected: int, groups: Iterable[str]) -> Limits:
        seen = {row.service for row in self.covered}
        unseen = [
            (s.name, tuple(sorted(s.publishing_unseen))) for s in self.judged.services(seen) if s.publishing_unseen
        ]
        personal = {
            row.group
            for row in self.covered
            if (group := self.settings.groups.get(row.group)) and group.equipment is Equipment.PERSONAL
        }
        with_rows = {self._when(row)[0] for row in self.all_rows}
        rosters = [self._roster(group) for group in groups]
        return Limits(
            embedded=self.embedded,
            not_covered=self.not_covered,
            extension=self.extension,
            rejected=rejected,
            live_instead_of_log=self.replaced,
            silent_days=tuple(
                d.date for d in self._days() if d.worked and d.date not in with_rows and self._over(d.date)
            ),
            publishing_unseen=tuple(sorted(unseen)),
            personal_groups=tuple(sorted(personal)),
            folded_groups=bool(folded(self._sizes(groups))),
            too_few=bool(rosters) and None not in rosters and sum(filter(None, rosters)) < FEWEST,
        )

    def _over(self, day: date) -> bool:
        return day < self.now.astimezone(self.settings.zone).date()

    def _when(self, row: UsageRow) -> tuple[date, int]:
        return self.local(row.minute)

    def _rounded(self, minute: int) -> tuple[date, int]:
        day, of_day = self.local(minute)
        return day, of_day // 5 * 5

    def _local(self, minute: int) -> tuple[date, int]:
        """The day and the minute after midnight by the clock on the school's wall."""
        at = instant(minute * MINUTE).astimezone(self.settings.zone)
        return at.date(), at.hour * 60 + at.minute


def _use(visit: Visit) -> Use:
    return Use(visits=Tally().with_one(visit.outcome))


def _requests(row: UsageRow) -> Use:
    return Use(requests=Tally().with_one(Outcome(row.outcome), row.requests))
