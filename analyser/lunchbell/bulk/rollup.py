"""The roll-up of one log: a pure function of its records and the settings, and a table that can be merged."""

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from lunchbell.bulk.squid import LogRecord
from lunchbell.events import subject_of
from lunchbell.policy.hosts import host_of
from lunchbell.policy.patterns import Observation
from lunchbell.policy.services import Service
from lunchbell.policy.tables import Tables
from lunchbell.policy.urls import url_parts
from lunchbell.policy.verdicts import Group, Use, user_of
from lunchbell.policy.words import Evidence, Network, Outcome
from lunchbell.settings import Settings
from lunchbell.settings.keys import KeyOf
from lunchbell.store.usage import UsageKey

ASKED_WHO = 407
"""The other proxy asked for a name and a password; the request itself follows in a line of its own."""


class Rejected(NamedTuple):
    """A line that cannot be read: its number, where it begins (decompressed bytes), and why; never the line."""

    number: int
    offset: int
    reason: str


@dataclass(slots=True)
class Rollup:
    """What a log, or a part of one, comes to. `unplaced`: social requests of clients in no group."""

    usage: dict[UsageKey, tuple[int, int]] = field(default_factory=dict)
    read: int = 0
    social: int = 0
    unplaced: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    evidence: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    use_outcomes: Counter[str] = field(default_factory=Counter)
    """Outcomes of what was opened or published; contacts prove no use, so they are never outside a rule."""
    services: Counter[str] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None

    @property
    def lines(self) -> int:
        """Lines that are no header or comment."""
        return self.read + len(self.rejected)


class Roller:
    """Adds records to a roll-up; hosts and clients are resolved once."""

    def __init__(self, settings: Settings, key: KeyOf | None = None) -> None:
        self.rollup = Rollup()
        self._settings = settings
        self._tables: Tables = settings.tables()
        self._key = key
        self._service_of = lru_cache(maxsize=65536)(self._find_service)
        self._group_of = lru_cache(maxsize=65536)(self._find_group)

    def add(self, record: LogRecord) -> None:
        """Classify, judge and count one record."""
        rollup = self.rollup
        rollup.read += 1
        if record.status == ASKED_WHO:
            return
        service = self._service_of(_authority(record.url))
        if service is None:
            return
        rollup.social += 1
        group = self._group_of(record.client)
        if group is None:
            rollup.unplaced += 1
            return
        host, path, query = url_parts(record.url)
        seen = Observation(
            host,
            record.method,
            path,
            query,
            html=record.content_type.lower().startswith("text/html"),
            status=record.status,
        )
        activity = self._settings.catalogue.activity_of(service, seen)
        user = user_of(record.user)
        verdict = self._tables.look_up(Use(service, activity, group, user, Network.SCHOOL), record.at)
        covered = verdict.outcome is not Outcome.NOT_COVERED
        subject = subject_of(self._key(record.at), user) if self._key and user and covered else ""
        usage_key = UsageKey(
            record.at // 60_000, "log", group.id, subject, service.id, activity,
            verdict.period, Network.SCHOOL, verdict.outcome, verdict.rule, self._settings.fingerprint,
        )  # fmt: skip
        requests, size = rollup.usage.get(usage_key, (0, 0))
        rollup.usage[usage_key] = requests + 1, size + record.size
        evidence = service.evidence_of(activity)
        rollup.evidence[evidence] += 1
        rollup.outcomes[verdict.outcome] += 1
        if evidence is not Evidence.CONTACT:
            rollup.use_outcomes[verdict.outcome] += 1
        rollup.services[service.id] += 1
        rollup.first = record.at if rollup.first is None else min(rollup.first, record.at)
        rollup.last = record.at if rollup.last is None else max(rollup.last, record.at)

    def reject(self, number: int, offset: int, reason: str) -> None:
        """A line that cannot be read."""
        self.rollup.rejected.append(Rejected(number, offset, reason))

    def _find_service(self, authority: str) -> Service | None:
        return self._settings.catalogue.service_of(host_of(authority))

    def _find_group(self, client: str) -> Group | None:
        try:
            return self._settings.clients.group_of(client)
        except ValueError:
            return None


def _authority(url: str) -> str:
    _, scheme, rest = url.partition("://")
    return (rest if scheme else url).partition("/")[0]
