"""From the store to the figures of a week: where the store's rows meet the summary."""

import sqlite3
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from lunchbell.settings import Settings
from lunchbell.store.questions import gaps_between, published_between, rejected_count, usage_between
from lunchbell.store.schema import StoreError
from lunchbell.summary.counting import figures
from lunchbell.summary.figures import Figures
from lunchbell.summary.week import Week


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
            gaps = gaps_between(store, start, end)
            rejected = rejected_count(store)
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{database}: is no Lunchbell database that can be read ({error})") from None
    return figures(settings, week, usage, published, gaps, rejected=rejected, now=now)
