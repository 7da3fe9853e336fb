"""What the school's settings know about a stored row: evidence, clause, and why something was not permitted."""

from collections.abc import Iterable, Iterator

from lunchbell.policy.calendar import MINUTE
from lunchbell.policy.services import Service
from lunchbell.policy.words import NO_USE, PUBLISHING, Activity, Evidence, Kind, Network, Outcome, Period
from lunchbell.settings import Settings
from lunchbell.summary.figures import Reason
from lunchbell.summary.rows import PublishedRow, UsageRow


class Judged:
    """Reads rows with the present settings; of a row that other settings judged it claims no more than the row says."""

    def __init__(self, settings: Settings, published: Iterable[PublishedRow]) -> None:
        self._settings = settings
        catalogue = settings.catalogue
        self._services = {service.id: service for service in (*catalogue.local, *catalogue.services.values())}
        self._clause_of_rule = {rule.id: rule.clause for rule in settings.policy.rules}
        self._cited = {(row.policy, row.rule): row.clause for row in published}
        self._known = {clause.id for clause in settings.policy.clauses}
        self._timelines = {name: settings.calendar.timeline(name) for name in settings.calendar.timetables}
        self._reasons: dict[tuple[str, ...], Reason] = {}

    def services(self, ids: Iterable[str]) -> Iterator[Service]:
        """Those of the ids that the catalogue has."""
        return (self._services[id] for id in ids if id in self._services)

    def name(self, service: str) -> str:
        """As people write it; an id that is no longer catalogued stands for itself."""
        known = self._services.get(service)
        return known.name if known else service

    def kind(self, service: str) -> Kind | None:
        """What sort of service, if it is catalogued."""
        known = self._services.get(service)
        return known.kind if known else None

    def evidence(self, row: UsageRow) -> Evidence:
        """How sure the row's activity is."""
        activity = Activity(row.activity)
        if service := self._services.get(row.service):
            return service.evidence_of(activity)
        if activity in PUBLISHING:
            return Evidence.PUBLISHED
        return Evidence.CONTACT if activity in NO_USE else Evidence.OPENED

    def published(self, row: UsageRow) -> bool:
        """Whether the row published something."""
        return self.evidence(row) is Evidence.PUBLISHED

    def clause(self, row: UsageRow) -> str:
        """The id of the clause that decided, if the present policy has it; else empty."""
        if row.policy.partition("@")[0] != self._settings.policy.id:
            return ""
        clause = self._cited.get((row.policy, row.rule)) or self._clause_of_rule.get(row.rule, "")
        return clause if clause in self._known else ""

    def reason(self, row: UsageRow) -> Reason:
        """Why a row was not permitted: asks the same rules about every other time of day."""
        key = (row.policy, row.rule, row.service, row.activity, row.group, row.network, row.period)
        if key not in self._reasons:
            self._reasons[key] = self._reason(row)
        return self._reasons[key]

    def _reason(self, row: UsageRow) -> Reason:
        group, service = self._settings.groups.get(row.group), self._services.get(row.service)
        if group is None or service is None or row.policy.partition("@")[0] != self._settings.policy.id:
            return Reason.UNKNOWN
        activity, network = Activity(row.activity), Network(row.network)
        by_period = {
            period: self._settings.judge.decide(service.id, service.kind, activity, group, False, network, period)
            for period in Period
        }
        now = by_period[Period(row.period)]
        if (now.outcome, now.rule) != (Outcome.NOT_PERMITTED, row.rule):
            return Reason.UNKNOWN
        permitted = any(decision.outcome is Outcome.PERMITTED for decision in by_period.values())
        return Reason.TIMES if permitted else Reason.ALWAYS

    def bell_between(self, earlier: UsageRow, later: UsageRow) -> bool:
        """Whether a bell rang between two rows of one subject and period, by the timetable that fits both."""
        start, end = earlier.minute * MINUTE, later.minute * MINUTE
        group = self._settings.groups.get(earlier.group)
        own = [self._timelines[group.timetable]] if group else []
        for timeline in (*own, *self._timelines.values()):
            if timeline.period_at(start) == timeline.period_at(end) == earlier.period:
                return bool(timeline.changes_between(start, end))
        return False
