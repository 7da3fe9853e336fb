"""From the store to the figures of a week: where the store's rows meet the summary."""

import sqlite3
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from lunchbell.policy.calendar import MINUTE, instant_ms
from lunchbell.settings import Settings
from lunchbell.store.questions import (
    GapRow,
    gaps_between,
    last_heard,
    published_between,
    rejected_count,
    usage_between,
)
from lunchbell.store.schema import StoreError
from lunchbell.summary.counting import figures
from lunchbell.summary.figures import Figures
from lunchbell.summary.week import Week

SILENT = 5 * MINUTE
"""A feed speaks every second; one that did not for so long is silent."""


def _still_silent(store: Database, start: int, end: int) -> list[GapRow]:
    """Feeds that have not been heard up to the end of the week, or up to now."""
    return [
        GapRow(feed, max(at, start), end, "unheard", 0)
        for feed, at in last_heard(store)
        if at < end - SILENT and end > start
    ]


def week_figures(settings: Settings, database: Path, week: Week, now: datetime) -> Figures:
    """The figures of a week, from one consistent view of the store; it is only read, never made or migrated."""
    if not database.is_file():
        raise StoreError(f"{database}: there is no such database; `lunchbell serve` makes it, or name it with --db")
    start, end = week.span(settings.zone)
    try:
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            connection.execute("BEGIN")
            store = Database(connection)
            usage = usage_between(store, start, end)
            published = published_between(store, start, end)
            gaps = gaps_between(store, start, end) + _still_silent(store, start, min(end, instant_ms(now)))
            rejected = rejected_count(store)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{database}: is no Lunchbell database that can be read ({error})") from None
    return figures(settings, week, usage, published, gaps, rejected=rejected, now=now)
