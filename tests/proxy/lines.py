"""Lines for an outbox, and a disk that fills."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lunchbell.events import Event
from lunchbell.policy.words import Activity, Evidence, Kind, Network, Outcome, Period
from lunchbell_proxy.outbox import Outbox


def event(size: int, at: int = 1_795_000_000_000) -> Event:
    """An event that can be known by its size."""
    return Event(
        1, at, 0, "staffroom", str(size), "x", Kind.MICROBLOG, Activity.POST, Evidence.PUBLISHED, Period.LUNCH,
        Network.SCHOOL, Outcome.PERMITTED, "lunch", "401-3", "waterville@9f3c", size, "proxy",
    )  # fmt: skip


def read(outbox: Outbox) -> list[dict[str, object]]:
    """Every line that waits, removing them."""
    found: list[dict[str, object]] = []
    while batch := outbox.batch(500):
        found += map(json.loads, batch.lines)
        outbox.confirm(batch.epoch, batch.last)
    return found


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """As on a full disk, for this process; SQLite says so with an error of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def wal_size(path: Path) -> int:
    """Bytes of a database's write-ahead log."""
    return path.with_name(path.name + "-wal").stat().st_size
