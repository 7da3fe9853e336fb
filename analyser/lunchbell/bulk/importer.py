"""One log into a roll-up, and into the store if there is one: committed together with how far the log was read."""

import zlib
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from lunchbell.bulk import squid
from lunchbell.bulk.files import PREFIX, Line, lines, prefix_hash
from lunchbell.bulk.rollup import Roller, Rollup
from lunchbell.settings import Settings
from lunchbell.settings.keys import KeyOf
from lunchbell.store.imports import Import, find_import, keep_import
from lunchbell.store.usage import add_usage

FORMATS = {"squid": "Squid's native log"}
SAMPLE = 50
FLUSH = 20_000
"""Roll-up rows that are held before they go to the store's open transaction."""


class UnreadableLogError(Exception):
    """A log that cannot be read at all, in one sentence."""


def import_log(
    path: Path, settings: Settings, *, key: KeyOf | None = None, db: Database | None = None, detect: bool = True,
    progress: Callable[[int, int], None] = lambda lines, offset: None,
) -> Rollup:  # fmt: skip
    """Read one log. With a store, only what is new is read, and either all of it is kept or nothing.

    `detect`: refuse a file none of whose first lines can be read. `progress` is told lines and decompressed bytes now
    and then. UnreadableLogError, in plain words.
    """
    roller = Roller(settings, key)
    rollup = roller.rollup
    try:
        prefix, prefix_bytes = prefix_hash(path, PREFIX)
        if detect:
            _check_format(path)
        before = find_import(db, lambda size: prefix_hash(path, size)) if db else None
        done = before or Import(prefix, prefix_bytes, 0, 0, None, None)
        at, number = done.offset, done.lines
        if db is None:
            for line in lines(path):
                _add(roller, line)
                number, at = line.number, line.end
                if number % 50_000 == 0:
                    progress(number, at)
                    rollup.usage.clear()
            return rollup
        with db.atomic():
            for line in lines(path, done.offset, done.lines):
                _add(roller, line)
                number, at = line.number, line.end
                if len(rollup.usage) >= FLUSH:
                    add_usage(db, rollup.usage)
                    rollup.usage.clear()
                if number % 50_000 == 0:
                    progress(number, at)
            add_usage(db, rollup.usage)
            if at > done.offset:
                # Under what it begins with now: a beginning that was short then may be other logs' beginning too.
                keep_import(db, Import(prefix, prefix_bytes, at, number, rollup.first, rollup.last))
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableLogError(f"{path}: cannot be read ({_reason(error)}); check the file") from None
    return rollup


def _add(roller: Roller, line: Line) -> None:
    if line.text is None:
        roller.reject(line.number, line.start, "longer than a megabyte")
        return
    try:
        record = squid.parse(line.text)
    except ValueError as error:
        roller.reject(line.number, line.start, str(error))
    else:
        roller.add(record)


def _check_format(path: Path) -> None:
    sample: list[bytes] = []
    for line in lines(path):
        sample.append(line.text or b"")
        if len(sample) == SAMPLE:
            break
    if sample and not squid.looks_like(sample):
        raise UnreadableLogError(
            f"{path}: is not {FORMATS['squid']}, the format that this version reads: none of its first "
            f"{len(sample)} lines can be read"
        )


def _reason(error: OSError | EOFError | zlib.error) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
