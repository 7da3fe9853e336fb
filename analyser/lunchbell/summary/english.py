"""Counting in words: plurals, lists, wholes."""

from collections.abc import Sequence
from datetime import date

from lunchbell.policy.words import Activity, Outcome, Period
from lunchbell.summary.figures import Reason

WHEN = {
    Period.BEFORE_WORK: "before work",
    Period.WORK: "in working time",
    Period.BREAK: "at break",
    Period.LUNCH: "at lunch",
    Period.AFTER_WORK: "after work",
    Period.CLOSED: "on days without work",
}
THINGS = {
    Activity.POST: ("post", "posts"),
    Activity.COMMENT: ("comment", "comments"),
    Activity.MESSAGE: ("message", "messages"),
    Activity.EDIT: ("edit", "edits"),
    Activity.UPLOAD: ("upload", "uploads"),
}
OUTSIDE = {
    Reason.TIMES: "outside the permitted times",
    Reason.ALWAYS: "not permitted at any time",
    Reason.UNKNOWN: "outside what the policy permits",
}
OUTCOMES = {
    Outcome.PERMITTED: "permitted",
    Outcome.APPROVED: "covered by an approval",
    Outcome.NOT_PERMITTED: "outside",
}


def number(count: int) -> str:
    """`1,204`."""
    return f"{count:,}"


def some(count: int, one: str, many: str = "") -> str:
    """`1 visit`, `312 visits`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def was(count: int) -> str:
    """The verb that goes with a count."""
    return "was" if count == 1 else "were"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def a_few(parts: Sequence[str], most: int = 3) -> str:
    """A list that stays readable: what is too much is only counted."""
    if len(parts) <= most:
        return listed(parts)
    return listed([*parts[: most - 1], f"{number(len(parts) - most + 1)} more"])


def weekday(day: date) -> str:
    """`Wednesday 18 November`."""
    return f"{day:%A} {day.day} {day:%B}"
