"""Requests of the example school as a Squid would log them, and what they come to by plain counting."""

import gzip
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database

from lunchbell.events import subject_of
from lunchbell.policy.patterns import Observation
from lunchbell.policy.urls import fields_of
from lunchbell.policy.verdicts import Use, user_of
from lunchbell.settings import Settings, load
from lunchbell.settings.places import example_file

LUNCH = 1_794_831_600_000
"""Monday 16 November 2026, 12:20 in London and UTC, in milliseconds."""


@dataclass(frozen=True)
class Request:
    """One request, before it is a line: nothing here was parsed."""

    at: int = LUNCH
    client: str = "10.40.1.17"
    method: str = "CONNECT"
    host: str = "www.facebook.com"
    path: str = ""
    status: int = 200
    size: int = 900
    user: str = ""
    kind: str = ""
    code: str = "TCP_MISS"

    @property
    def line(self) -> bytes:
        """As Squid writes it, the elapsed time padded."""
        url = f"{self.host}:443" if self.method == "CONNECT" else f"http://{self.host}{self.path}"
        return (
            f"{self.at // 1000}.{self.at % 1000:03} {self.size % 7000:6} {self.client} {self.code}/{self.status:03} "
            f"{self.size} {self.method} {url} {quote(self.user) or '-'} HIER_DIRECT/192.0.2.1 {self.kind or '-'}\n"
        ).encode()


def log_of(requests: Iterable[Request]) -> bytes:
    """A whole log."""
    return b"".join(request.line for request in requests)


def packed(content: bytes, level: int = 6) -> bytes:
    """As gzip."""
    return gzip.compress(content, level, mtime=0)


@cache
def school() -> Settings:
    """The example school."""
    return load(example_file(), today=date(2026, 11, 20))


def key_of(ms: int) -> bytes:
    """A pseudonym key that changes at the end of November 2026."""
    return b"autumn" if ms < 1_796_083_200_000 else b"winter"


Counted = Counter[tuple[object, ...]]


@dataclass(frozen=True)
class Counts:
    """What a log comes to."""

    requests: Counted
    sizes: Counted
    evidence: Counter[str]
    outcomes: Counter[str]
    unplaced: int


def counted(requests: Iterable[Request]) -> Counts:
    """Each request judged on its own by the core's `judge`, and counted."""
    settings = school()
    counts = Counts(Counter(), Counter(), Counter(), Counter(), 0)
    unplaced = 0
    for one in requests:
        service = settings.catalogue.service_of(one.host)
        if service is None or one.status == 407:  # the proxy only asked who it is
            continue
        group = settings.clients.group_of(one.client)
        if group is None:
            unplaced += 1
            continue
        path, _, query = one.path.partition("?")
        seen = Observation(
            one.host, one.method, path or "/", fields_of(query), html=one.kind == "text/html", status=one.status
        )
        activity = settings.catalogue.activity_of(service, seen)
        user = user_of(one.user)
        verdict = settings.judge.judge(Use(service, activity, group, user), datetime.fromtimestamp(one.at / 1000, UTC))
        covered = verdict.outcome != "not_covered"  # pupils and what is embedded never get a pseudonym
        subject = subject_of(key_of(one.at), user) if user and covered else ""
        key = (
            one.at // 60_000, "log", group.id, subject, service.id, str(activity), str(verdict.period), "school",
            str(verdict.outcome), verdict.rule, settings.fingerprint,
        )  # fmt: skip
        counts.requests[key] += 1
        counts.sizes[key] += one.size
        counts.evidence[service.evidence_of(activity)] += 1
        counts.outcomes[verdict.outcome] += 1
    return Counts(counts.requests, counts.sizes, counts.evidence, counts.outcomes, unplaced)


def usage_in(db: Database) -> dict[tuple[object, ...], tuple[int, int]]:
    """The store's roll-up: requests and bytes by all other columns."""
    return {row[:11]: row[11:] for row in db.conn.execute("SELECT * FROM usage")}


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
