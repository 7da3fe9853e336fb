"""Batches as they arrive, checked by type: a bad line is kept aside by number and reason, never its text."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from lunchbell.events import Event, Gap

MOST_LINES = 5_000
LATEST = 253_402_300_800_000
"""The year 10000 in milliseconds: no instant of ours is later, and none before 1970."""
MOST_LOST = 2**40
LARGEST = 2**44
"""Bytes of an event (16 TiB): sums of them stay whole numbers in the store."""

_EVENT = msgspec.json.Decoder(Event)
_GAP = msgspec.json.Decoder(Gap)
_GAP_START = b'{"v":1,"gap":'


class Decoded(NamedTuple):
    """The lines `first..last` of a batch."""

    first: int
    last: int
    events: Sequence[Event]
    gaps: Sequence[Gap]
    rejected: Sequence[tuple[int, str]]


def decode(first: int, body: bytes) -> Decoded:
    """NDJSON lines numbered from `first`; ValueError if there are none or too many."""
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise ValueError("the batch has no lines")
    if len(lines) > MOST_LINES:
        raise ValueError(f"the batch has {len(lines)} lines; send {MOST_LINES} at most")
    events: list[Event] = []
    gaps: list[Gap] = []
    rejected: list[tuple[int, str]] = []
    seq = first
    for line in lines:
        last = seq
        try:
            if line.startswith(_GAP_START):
                gap = _GAP.decode(line)
                _check(gap.seq == seq and 0 <= gap.gap <= gap.until < LATEST and 0 <= gap.lost < MOST_LOST)
                gaps.append(gap)
                last = gap.last
            else:
                event = _EVENT.decode(line)
                _check(event.seq == seq and 0 <= event.at < LATEST and 0 <= event.bytes < LARGEST)
                events.append(event)
        except (msgspec.DecodeError, ValueError) as error:
            rejected.append((seq, _reason(error)))
        seq = last + 1
    return Decoded(first, seq - 1, events, gaps, rejected)


def _check(sound: bool) -> None:
    if not sound:
        raise ValueError("its number is not its place in the batch, or an instant or a size is impossible")


def _reason(error: Exception) -> str:
    """msgspec names the key and the types, never the value, but for unknown keys and words: those are cut out."""
    text = str(error)
    if "unknown field" in text:
        return text.partition("`")[0].strip()
    if text.startswith("Invalid enum value"):
        return "Invalid enum value - at " + text.rpartition(" - at ")[2]
    return text[:120]
