"""What feeds reported not to know about, in the school's own time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from lunchbell.policy.calendar import instant
from lunchbell.summary.rows import GapRow


@dataclass(frozen=True, slots=True)
class Silence:
    """One feed knows nothing, or not everything, of this stretch (the school's own time); `lost` are known losses."""

    feed: str
    start: datetime
    end: datetime
    reason: str
    lost: int


def silences(gaps: Iterable[GapRow], zone: tzinfo) -> tuple[Silence, ...]:
    """In order of time; what touches and has one reason is one silence."""
    found: list[Silence] = []
    for gap in sorted(gaps, key=lambda g: (g.feed, g.reason, g.start)):
        start, end = (instant(ms).astimezone(zone) for ms in (gap.start, gap.until))
        last = found[-1] if found else None
        if last and (last.feed, last.reason) == (gap.feed, gap.reason) and start <= last.end:
            found[-1] = replace(last, end=max(end, last.end), lost=last.lost + gap.lost)
        else:
            found.append(Silence(gap.feed, start, end, gap.reason, gap.lost))
    return tuple(sorted(found, key=lambda silence: silence.start))
