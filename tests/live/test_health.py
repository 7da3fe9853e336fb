"""`/healthz` and `/metrics` of the analyser, and what the summary says of a feed that went silent."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from lunchbell.live.health import add_health
from lunchbell.live.ingest import Ingest
from lunchbell.live.routes import add_ingest
from lunchbell.policy.calendar import instant_ms
from lunchbell.settings import load
from lunchbell.settings.places import example_file
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import create_token
from lunchbell.summary.limits import limits
from lunchbell.summary.week import Week
from lunchbell.web.weekly import week_figures

HEARD = datetime(2026, 11, 17, 10, 5, tzinfo=UTC)
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def token(tmp_path: Path) -> str:
    """The token of a feed called `junior block`."""
    db = open_store(tmp_path / "lunchbell.db")
    made = create_token(db, "junior block", "feed", 0)
    db.close()
    return made


@pytest.fixture
async def analyser(tmp_path: Path, token: str) -> AsyncIterator[Client]:
    """The live part of an analyser at 10:05 on a Tuesday."""
    app = web.Application()
    add_ingest(app, Ingest(tmp_path / "lunchbell.db", lambda: instant_ms(HEARD)), lambda: False)
    add_health(app)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_sound_analyser_says_ok(analyser: Client) -> None:
    """The store was asked, not only the process."""
    answer = await analyser.get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_a_store_that_does_not_answer_is_no_ok(analyser: Client, tmp_path: Path) -> None:
    """A supervisor or a monitor must see it."""
    db = open_store(tmp_path / "lunchbell.db")
    db.execute("DROP TABLE feeds")
    db.close()
    assert (await analyser.get("/healthz")).status == 503


async def test_metrics_count_and_name_feeds(analyser: Client, token: str) -> None:
    """A word without events makes a feed known; nothing else is named."""
    assert "junior block" not in await (await analyser.get("/metrics")).text()
    await analyser.post("/api/events", headers={"Authorization": f"Bearer {token}"})
    text = await (await analyser.get("/metrics")).text()
    assert 'lunchbell_analyser_feed_silent_seconds{feed="junior block"} 0.0' in text
    assert "lunchbell_analyser_events_accepted_total 0.0" in text
    assert "lunchbell_analyser_paused 0.0" in text


@pytest.mark.parametrize(("minutes", "told"), [(3, False), (22 * 60, True)])
async def test_a_feed_that_is_silent_is_named(
    analyser: Client, token: str, tmp_path: Path, minutes: int, told: bool
) -> None:
    """The head reads since when nothing has been heard of it; three minutes are nothing to speak of."""
    await analyser.post("/api/events", headers={"Authorization": f"Bearer {token}"})
    now = HEARD + timedelta(minutes=minutes)
    settings = load(example_file(), today=date(2026, 11, 17))
    said = list(limits(week_figures(settings, tmp_path / "lunchbell.db", Week.parse("2026-W47"), now)))
    sentence = (
        "junior block did not record everything from Tuesday 10:05 to Wednesday 8:05: "
        "nothing has been heard of it since."
    )
    assert (sentence in said) is told
