"""Lines of a feed."""

import msgspec

from lunchbell.events import Event, Gap
from lunchbell.live.decoding import decode
from lunchbell.policy.words import Activity, Evidence, Kind, Network, Outcome, Period
from lunchbell.store.feeds import Range

AT = 1_795_000_000_000
_ENCODER = msgspec.json.Encoder()


def event(seq: int, *, size: int = 0, subject: str = "k7c2") -> Event:
    """An event with a number."""
    return Event(
        1, AT, seq, "staffroom", subject, "x", Kind.MICROBLOG, Activity.POST, Evidence.PUBLISHED, Period.LUNCH,
        Network.SCHOOL, Outcome.PERMITTED, "lunch", "401-3", "waterville@9f3c", size, "proxy",
    )  # fmt: skip


def gap(seq: int, reason: str = "store", lost: int = 1) -> Gap:
    """A gap report with a number."""
    return msgspec.convert({"v": 1, "gap": AT, "until": AT, "reason": reason, "lost": lost, "seq": seq}, Gap)


def body(*lines: Event | Gap | bytes) -> bytes:
    """NDJSON."""
    return b"".join((line if isinstance(line, bytes) else _ENCODER.encode(line)) + b"\n" for line in lines)


def batch(feed: str, epoch: str, first: int, *lines: Event | Gap | bytes) -> Range:
    """As `POST /api/events` makes it."""
    return Range(feed, epoch, *decode(first, body(*lines)))
