"""`/` and `/summary`. A summary reads and renders in a thread, so that the event loop never waits for it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from lunchbell.settings import Settings
from lunchbell.store.schema import StoreError
from lunchbell.summary.week import Week
from lunchbell.web.html import STATIC, message_page, summary_page
from lunchbell.web.weekly import week_figures

Now = Callable[[], datetime]


def add_pages(app: web.Application, settings: Settings, database: Path, now: Now = lambda: datetime.now(UTC)) -> None:
    """Adds the pages and their static files to an application."""
    pages = _Pages(settings, database, now)
    app.router.add_get("/", _home)
    app.router.add_get("/summary", pages.summary)
    app.router.add_static("/static", STATIC)


async def _home(request: web.Request) -> web.Response:
    raise web.HTTPFound("/summary")


class _Pages:
    def __init__(self, settings: Settings, database: Path, now: Now) -> None:
        self.settings, self.database, self.now = settings, database, now

    async def summary(self, request: web.Request) -> web.Response:
        """`/summary?week=2026-W47`; without a week, the present one at school."""
        now = self.now()
        asked = request.query.get("week", "")
        try:
            week = Week.parse(asked) if asked else Week.of(now, self.settings.zone)
        except ValueError as error:
            return _page(message_page("There is no such week", f"{str(error).capitalize()}."), 400)
        try:
            return _page(await asyncio.to_thread(self._rendered, week, now))
        except StoreError:
            words = "Nothing has been recorded yet, or the database cannot be read. `lunchbell check` says more."
            return _page(message_page("No summary yet", words), 503)

    def _rendered(self, week: Week, now: datetime) -> str:
        return summary_page(week_figures(self.settings, self.database, week, now), links=True)


def _page(html: str, status: int = 200) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html")
