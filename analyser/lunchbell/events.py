"""The event that proxy, extension and logs all become: no URL, no host below the service, nothing anyone wrote."""

import hmac
from base64 import b32encode
from typing import Literal

import msgspec

from lunchbell.policy.verdicts import Use, Verdict
from lunchbell.policy.words import Activity, Evidence, Kind, Network, Outcome, Period

Source = Literal["proxy", "extension", "log"]


class Event(msgspec.Struct, forbid_unknown_fields=True):
    """One event (DESIGN.md, section 4). `at` is milliseconds UTC; `policy` names the settings that judged."""

    v: Literal[1]
    at: int
    seq: int
    group: str
    subject: str
    service: str
    kind: Kind
    activity: Activity
    evidence: Evidence
    period: Period
    network: Network
    outcome: Outcome
    rule: str
    clause: str
    policy: str
    bytes: int
    source: Source


GapReason = Literal["stopped", "crashed", "paused", "full", "mistake", "clock", "store"]
"""Why nothing, or not all, was recorded: the proxy was stopped in order, or was not; monitoring was paused; disk or
memory was full; Lunchbell made a mistake; the clock jumped; the analyser's store was set back."""


class Gap(msgspec.Struct, forbid_unknown_fields=True):
    """A stretch of time that a feed knows nothing, or not everything, about; a line of the feed like an event.

    `gap` and `until` are milliseconds UTC; `lost` is the number of events that are known to be missing. A gap of reason
    `store` stands in the feed for the lines that are lost, and takes their numbers: `seq` is the first of them.
    """

    v: Literal[1]
    gap: int
    until: int
    reason: GapReason
    lost: int
    seq: int = 0

    @property
    def last(self) -> int:
        """The last number that this line stands for."""
        return self.seq + max(1, self.lost) - 1 if self.reason == "store" else self.seq


def event_of(
    use: Use, verdict: Verdict, at: int, *, subject: str, policy: str, size: int, source: Source, seq: int = 0
) -> Event:
    """The event of a judged use; the writer of a feed numbers it."""
    service = use.service
    return Event(
        1,
        at,
        seq,
        use.group.id,
        subject,
        service.id,
        service.kind,
        use.activity,
        service.evidence_of(use.activity),
        verdict.period,
        use.network,
        verdict.outcome,
        verdict.rule,
        verdict.clause,
        policy,
        size,
        source,
    )


def subject_of(key: bytes, name: str) -> str:
    """The keyed pseudonym of a user or a named device; whoever holds key and roster can undo it. Empty stays empty."""
    if not name:
        return ""
    digest = hmac.digest(key, name.encode(), "sha256")[:10]
    return "k" + b32encode(digest).decode().lower()
