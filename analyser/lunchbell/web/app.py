"""The application: pages with their headers. Commands run it, tests call it."""

from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from lunchbell.settings import Settings
from lunchbell.web.headers import add_headers
from lunchbell.web.pages import Now, add_pages


def application(settings: Settings, database: Path, *, now: Now = lambda: datetime.now(UTC)) -> web.Application:
    """Every page of a school; other parts of the analyser add their routes to it, and get the same headers."""
    app = web.Application()
    add_pages(app, settings, database, now)
    app.on_response_prepare.append(add_headers)
    return app
