"""The pseudonym keys: one for each term, in a file of their own that only Lunchbell's user reads.

Whoever holds a term's key and the list of user names can undo that term's pseudonyms; deleting a key makes them final.
"""

import json
import os
import secrets
from collections.abc import Callable
from datetime import date, tzinfo
from functools import lru_cache
from pathlib import Path

from lunchbell.policy.calendar import Calendar, instant

KeyOf = Callable[[int], bytes]
"""From milliseconds UTC to the key of that day's term."""


def keys_in(path: Path, calendar: Calendar, zone: tzinfo) -> KeyOf:
    """The keys of a file, by instant."""

    @lru_cache(maxsize=64)
    def of_day(day: date) -> bytes:
        return key_for(path, calendar, day)

    def of_instant(ms: int) -> bytes:
        return of_day(instant(ms).astimezone(zone).date())

    return of_instant


def key_for(path: Path, calendar: Calendar, day: date) -> bytes:
    """The key of the term that `day` is in or after; made, and written with mode 600, when first needed."""
    keys: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    term = term_of(calendar, day)
    if term not in keys:
        keys[term] = secrets.token_hex(32)
        _write(path, json.dumps(keys, indent=1) + "\n")
    return bytes.fromhex(keys[term])


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a half-written file would lose every key."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def term_of(calendar: Calendar, day: date) -> str:
    """The name of the term that `day` is in or after."""
    begun = [term for term in calendar.terms if term.first <= day]
    return max(begun, key=lambda term: term.first).name if begun else "before the first term"
