"""The pages, over real HTTP from a real database."""

import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tests.summary.making import row, school, week

from lunchbell.store.schema import open_store
from lunchbell.store.usage import UsageKey, add_usage
from lunchbell.web.app import application
from lunchbell.web.html import STATIC, summary_page

NOW = datetime(2026, 11, 18, 13, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One permitted visit at lunch on Monday, one outside on Tuesday."""
    path = tmp_path / "lunchbell.db"
    db = open_store(path)
    with db.atomic():
        made = (row("mon 12:20"), row("tue 9:20", activity="post"))
        add_usage(db, {UsageKey(*one[:11]): (one.requests, one.bytes) for one in made})
    db.conn.close()
    return path


@pytest.fixture
async def client(database: Path) -> Any:
    """A browser without scripts."""
    app = application(school(), database, now=lambda: NOW)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_front_page_is_the_summary(client: TestClient[web.Request, web.Application]) -> None:
    """A redirect, then this week so far."""
    answer = await client.get("/")
    assert answer.url.path == "/summary"
    text = await answer.text()
    assert "Staff kept to the permitted times on 1 of 2 visits." in text
    assert "This is the week so far, up to Wednesday 13:00." in text


async def test_weeks_are_linked(client: TestClient[web.Request, web.Application]) -> None:
    """The one before; the one after only when it has begun."""
    now = await (await client.get("/summary?week=2026-W47")).text()
    assert "/summary?week=2026-W46" in now
    assert "/summary?week=2026-W48" not in now
    before = await (await client.get("/summary?week=2026-W46")).text()
    assert "/summary?week=2026-W47" in before
    assert "Nothing was recorded in this week." in before


@pytest.mark.parametrize("asked", ["2026-W60", "nonsense", "<script>alert(1)</script>"])
async def test_a_week_that_does_not_exist(client: TestClient[web.Request, web.Application], asked: str) -> None:
    """One sentence, and what was asked for is only ever text."""
    answer = await client.get("/summary", params={"week": asked})
    assert answer.status == 400
    text = await answer.text()
    assert "There is no such week" in text
    assert "<script" not in text


async def test_nothing_is_run_or_loaded_from_elsewhere(client: TestClient[web.Request, web.Application]) -> None:
    """A strict policy, and a page that keeps it: no script, no style attribute, no other host."""
    answer = await client.get("/summary")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    text = await answer.text()
    assert not re.search(r"<script|\sstyle=|<style|\son\w+=", text)
    assert set(re.findall(r'https?://[^"\s<]+', text)) <= {"http://www.w3.org/2000/svg"}


async def test_all_the_style_sheet_names_is_served(client: TestClient[web.Request, web.Application]) -> None:
    """The fonts too, with their licence beside them."""
    css = await (await client.get("/static/lunchbell.css")).text()
    fonts = re.findall(r"url\((fonts/[^)]+)\)", css)
    assert len(fonts) == 3
    for font in fonts:
        assert (await client.get(f"/static/{font}")).status == 200
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / "OFL.txt").read_text().upper()


async def test_errors_carry_the_same_headers(client: TestClient[web.Request, web.Application]) -> None:
    """Also a page that is not there."""
    answer = await client.get("/nothing")
    assert answer.status == 404
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_without_a_database_there_is_a_page(tmp_path: Path) -> None:
    """It says that nothing was recorded yet, makes nothing, and names no path."""
    path = tmp_path / "none.db"
    async with TestClient(TestServer(application(school(), path, now=lambda: NOW))) as client:
        answer = await client.get("/summary")
        assert answer.status == 503
        text = await answer.text()
    assert "Nothing has been recorded yet" in text
    assert str(tmp_path) not in text
    assert not path.exists()


def test_every_control_can_be_found_without_sight() -> None:
    """Landmarks, one first heading, headings in order, captions, scopes, a language."""
    page = summary_page(week(row("mon 12:20"), row("tue 9:20", activity="post")), links=True)
    assert '<html lang="en-GB">' in page
    assert page.count("<main") == page.count("<h1") == page.count("<header") == page.count("<footer") == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert page.count("<table") == page.count("<caption")
    assert len(re.findall(r"<th(?! scope)", page)) == page.count("<thead")


def test_a_file_stands_alone() -> None:
    """It carries its style and fonts, and links nowhere."""
    page = summary_page(week(row("mon 12:20")), links=False)
    assert "font/woff2;base64," in page
    assert "href=" not in page
    assert "url(fonts/" not in page


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The ratio, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_enough_by_day_by_night_and_on_paper() -> None:
    """Words 4.5 to 1 on paper; marks 3 to 1 on every band they can stand in."""
    css = (STATIC / "lunchbell.css").read_text()
    palettes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    ]
    assert len(palettes) == 3
    for colours in palettes[:2]:
        for words in ("ink", "quiet", "brass"):
            assert contrast(colours[words], colours["paper"]) >= 4.5, (words, colours)
        for mark in ("permitted", "approved", "outside"):
            for band in ("paper", "work", "break", "lunch", "free", "closed"):
                assert contrast(colours[mark], colours[band]) >= 3, (mark, band, colours)
