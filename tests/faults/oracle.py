"""Counts what arrived against journals and copies of outboxes, with none of the code under test."""

import hmac
import json
import shutil
import sqlite3
from base64 import b32encode
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

WINDOW = 0.1
"""Seconds of traffic that a crash may lose."""
SLACK = 150
"""Milliseconds by which a gap's edge may miss: the instant of a request is taken before it is handed over."""


class HandedOver(NamedTuple):
    """One request of a journal: the process that was given it, the steady clock, and the clock it is judged by (ms)."""

    process: int
    steady: float
    at: int


class Copy(NamedTuple):
    """An outbox as it was at one moment: its lines by epoch and number; requests are known by subject."""

    lines: Mapping[tuple[str, int], str]

    @property
    def subjects(self) -> set[str]:
        """Whose requests are in it."""
        return set(self.lines.values()) - {""}


class Store(NamedTuple):
    """The analyser's store as it was at one moment."""

    requests: Mapping[str, tuple[int, int]]
    published: Mapping[str, int]
    gaps: list[tuple[int, int, str, int]]
    numbers: int
    rejected: int

    @property
    def lines(self) -> int:
        """Numbers that are accounted for: events, gaps (one of the store stands for all that it lost), rejected."""
        of_gaps = sum(lost if reason == "store" else 1 for _, _, reason, lost in self.gaps)
        return sum(n for n, _ in self.requests.values()) + of_gaps + self.rejected


@dataclass
class End:
    """How one process of the sending side ended: asked to, or killed, at `asked`, and gone at `steady`."""

    process: int
    asked: float
    steady: float
    copy: Copy
    disk_full: bool = False


@dataclass
class Evidence:
    """All that is known of a run when it is over."""

    journal: dict[int, HandedOver]
    ends: list[End]
    store: Store
    keys: Path
    waiting: int = 0
    destroyed: set[str] = field(default_factory=set)
    """Subjects whose lines were in an outbox that was replaced by an older copy."""
    set_back: set[str] = field(default_factory=set)
    """Subjects that were in the store when it was replaced by an older copy."""
    gaps_set_back: int = 0
    """How many gaps were in it: these may be among what is lost."""
    clock_jumped: bool = False
    """The time of what a store lost is known by the hour's end only, which a clock that is set back confuses."""
    overflow: bool = False
    """Whether memory was meant to be too small for what a full disk did not take."""


@dataclass
class Judgement:
    """What a run showed."""

    sent: int = 0
    arrived: int = 0
    in_gaps: int = 0
    window: float = 0.0
    wrong: list[str] = field(default_factory=list)


def judge(seen: Evidence) -> Judgement:
    """Every rule that a run must keep; `wrong` names those that were broken."""
    found = Judgement(sent=len(seen.journal))
    subjects = _subjects(seen.keys, seen.journal)
    numbers = {subject: number for number, names in subjects.items() for subject in names}
    _counts(found, seen, numbers)
    arrived = {numbers[s] for s in seen.store.requests if s in numbers}
    found.arrived = len(arrived)
    ends = {end.process: end for end in seen.ends}
    last: dict[int, float] = {}
    for one in seen.journal.values():
        last[one.process] = max(last.get(one.process, 0.0), one.steady)
    counted = of_memory = 0
    for number in sorted(seen.journal.keys() - arrived):
        one, names = seen.journal[number], subjects[number]
        found.in_gaps += 1
        end = ends.get(one.process)
        if names & seen.set_back:
            counted += 1
            if not seen.clock_jumped:
                _must_be_in_gap(found, seen, number, one, "the store was set back")
        elif names & seen.destroyed:
            _must_be_in_gap(found, seen, number, one, "it was in an outbox that was replaced")
        elif end and names & end.copy.subjects:
            found.wrong.append(f"{number} was committed, and did not arrive")
        elif end:
            window = min(end.steady, last[one.process]) - one.steady
            if seen.overflow and window > WINDOW:
                of_memory += 1
            elif not end.disk_full:
                found.window = max(found.window, window)
                if window > WINDOW:
                    found.wrong.append(f"{number} was lost {window * 1000:.0f} ms before the kill")
            _must_be_in_gap(found, seen, number, one, "its process ended")
        elif seen.overflow:
            of_memory += 1
            _must_be_in_gap(found, seen, number, one, "the disk was full")
        else:
            found.wrong.append(f"{number} was handed over, and vanished")
    of_store = sum(lost for _, _, reason, lost in seen.store.gaps if reason == "store")
    if not counted <= of_store <= counted + seen.gaps_set_back:
        found.wrong.append(f"the store lost {counted} events, and {of_store} are reported")
    reported = sum(lost for _, _, reason, lost in seen.store.gaps if reason == "full")
    if of_memory != reported:
        found.wrong.append(f"{of_memory} events had no room, and {reported} are reported")
    if of_store and not seen.set_back:
        found.wrong.append(f"{of_store} lines are reported as lost by a store that was never set back")
    return found


def _counts(found: Judgement, seen: Evidence, numbers: Mapping[str, int]) -> None:
    store = seen.store
    for subject, (requests, size) in store.requests.items():
        number = numbers.get(subject)
        if number is None:
            found.wrong.append(f"{subject!r} is in the store, and was never handed over")
        elif requests != 1:
            found.wrong.append(f"{number} was counted {requests} times")
        elif size not in (number, 0):
            found.wrong.append(f"{number} has {size} bytes")
    twice = [subject for subject, count in store.published.items() if count != 1]
    if twice:
        found.wrong.append(f"{len(twice)} published events are kept more than once")
    if strange := store.published.keys() - store.requests.keys():
        found.wrong.append(f"{len(strange)} published events were not counted")
    if store.numbers != store.lines:
        found.wrong.append(f"feeds stand at {store.numbers} lines together, and {store.lines} are accounted for")
    if store.rejected:
        found.wrong.append(f"{store.rejected} lines were rejected")
    if seen.waiting:
        found.wrong.append(f"{seen.waiting} lines still wait in the outbox")
    known = [numbers[subject] for subject in store.requests if subject in numbers]
    if len(known) != len(set(known)):
        found.wrong.append("requests are in the store under two pseudonyms")


def _must_be_in_gap(found: Judgement, seen: Evidence, number: int, one: HandedOver, why: str) -> None:
    if not any(start - SLACK <= one.at <= end + SLACK for start, end, _, _ in seen.store.gaps):
        found.wrong.append(f"{number} is lost because {why}, and in no gap")


def _subjects(keys: Path, journal: Iterable[int]) -> dict[int, set[str]]:
    """The pseudonyms that each number's user may have, under any term's key."""
    made = [bytes.fromhex(key) for key in json.loads(keys.read_text()).values()] if keys.exists() else []
    return {
        number: {
            "k" + b32encode(hmac.new(key, f"u{number}".encode(), sha256).digest()[:10]).decode().lower() for key in made
        }
        for number in journal
    }


def read_copy(outbox: Path, place: Path) -> Copy:
    """Copy an outbox that no process has open, and read it."""
    place.mkdir()
    for name in (outbox.name, outbox.name + "-wal"):
        if (source := outbox.with_name(name)).exists():
            shutil.copy(source, place / name)
    if not (place / outbox.name).exists():
        return Copy({})
    with closing(sqlite3.connect(place / outbox.name)) as db:
        try:
            rows = db.execute("SELECT epoch, seq, line FROM lines").fetchall()
        except sqlite3.OperationalError:  # killed before the tables were made
            return Copy({})
    return Copy({(epoch, seq): json.loads(line).get("subject", "") for epoch, seq, line in rows})


def waiting(outbox: Path) -> int:
    """Lines in an outbox that a process may have open; -1 if it cannot be read now."""
    try:
        with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=1)) as db:
            return int(db.execute("SELECT count(*) FROM lines").fetchone()[0])
    except sqlite3.Error:
        return -1


def read_store(database: Path) -> Store:
    """What the analyser has."""
    with closing(sqlite3.connect(database, timeout=10)) as db:
        return Store(
            {
                s: (n, b)
                for s, n, b in db.execute("SELECT subject, sum(requests), sum(bytes) FROM usage GROUP BY subject")
            },
            dict(db.execute("SELECT subject, count(*) FROM published GROUP BY subject").fetchall()),
            db.execute("SELECT start, until, reason, lost FROM gaps").fetchall(),
            db.execute("SELECT coalesce(sum(seq), 0) FROM feeds").fetchone()[0],
            db.execute("SELECT count(*) FROM rejected").fetchone()[0],
        )
