"""`POST /api/events` over HTTP."""

import asyncio
import base64
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tests.live.lines import body, event, gap

from lunchbell.live import ingest as ingest_module
from lunchbell.live import pace, routes
from lunchbell.live.ingest import Ingest
from lunchbell.live.routes import INGEST, add_ingest
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import create_token, revoke_token

Client = TestClient[web.Request, web.Application]


class School:
    """An analyser, its client, a token, and the switch."""

    def __init__(self, client: Client, token: str, database: Path) -> None:
        self.client, self.token, self.database = client, token, database
        self.paused = False

    async def post(
        self, content: bytes, headers: dict[str, str] | None = None, **query: object
    ) -> tuple[int, dict[str, Any]]:
        """Status and document of the answer."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        asked = {name: str(value) for name, value in query.items()}
        answer = await self.client.post("/api/events", params=asked, data=content, headers=sent)
        return answer.status, await answer.json()

    def count(self, table: str) -> int:
        """Rows of a table."""
        db = sqlite3.connect(self.database)
        count = int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        db.close()
        return count


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    """It."""
    database = tmp_path / "store.db"
    db = open_store(database)
    token = create_token(db, "proxy", "feed", 0)
    db.close()
    app = web.Application()
    made: list[School] = []
    add_ingest(app, Ingest(database, lambda: 0), lambda: made[0].paused)
    async with TestClient(TestServer(app)) as client:
        made.append(School(client, token, database))
        yield made[0]


async def test_a_batch_is_answered_with_what_the_store_has(school: School) -> None:
    """200, its last number, and the numbers of lines that cannot be read."""
    content = body(event(1), b"nonsense", event(3))
    assert await school.post(content, epoch="a1", first=1) == (
        200, {"epoch": "a1", "seq": 3, "rejected": [2], "paused": False},
    )  # fmt: skip


async def test_a_batch_that_comes_again_or_overlaps_counts_once(school: School) -> None:
    """The answer to a repetition is where the feed stands; of an overlap only what is new is taken."""
    for first, last, has in [(1, 3, 3), (1, 3, 3), (2, 6, 6), (1, 2, 6), (6, 6, 6), (7, 7, 7)]:
        content = body(*(event(seq) for seq in range(first, last + 1)))
        status, told = await school.post(content, epoch="a1", first=first)
        assert (status, told["seq"]) == (200, has)
    assert school.count("published") == 7


async def test_a_batch_after_missing_lines_is_refused_with_what_there_is(school: School) -> None:
    """409; nothing of it was taken."""
    await school.post(body(event(1)), epoch="a1", first=1)
    status, told = await school.post(body(event(3)), epoch="a1", first=3)
    assert (status, told["epoch"], told["seq"], told["paused"]) == (409, "a1", 1, False)
    assert school.count("published") == 1


async def test_an_empty_body_asks_where_a_feed_stands(school: School) -> None:
    """With an epoch, 200 if all lines before `first` are there, else 409; without, it is a sign of life."""
    await school.post(body(gap(1, lost=4), event(5)), epoch="a1", first=1)
    assert (await school.post(b"", epoch="a1", first=6))[0] == 200
    status, told = await school.post(b"", epoch="a1", first=7)
    assert (status, told["seq"]) == (409, 5)
    assert (await school.post(b"", epoch="new", first=1))[0] == 200
    assert await school.post(b"") == (200, {"seq": 0, "rejected": [], "paused": False})


async def test_every_answer_says_whether_monitoring_is_paused(school: School) -> None:
    """200 and 409, with lines or without."""
    school.paused = True
    assert (await school.post(b""))[1]["paused"]
    assert (await school.post(body(event(1)), epoch="a1", first=1))[1]["paused"]
    assert (await school.post(body(event(9)), epoch="a1", first=9))[1]["paused"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "bearer \x80"])
async def test_without_a_feeds_token_nothing_is_taken(school: School, header: str) -> None:
    """401 for none, a wrong one, another scheme."""
    status, told = await school.post(body(event(1)), {"Authorization": header}, epoch="a1", first=1)
    assert status == 401
    assert "lunchbell token new" in told["error"]
    assert school.count("published") == 0


async def test_tokens_of_others_and_revoked_ones_are_refused(school: School) -> None:
    """An extension's token feeds nothing, and a revoked one ends at once."""
    db = open_store(school.database)
    other = create_token(db, "laptops", "extension", 0)
    revoke_token(db, "proxy", 1)
    db.close()
    for token in (other, school.token):
        assert (await school.post(b"", {"Authorization": f"Bearer {token}"}))[0] == 401


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"epoch": "a1"},
        {"epoch": "", "first": 1},
        {"epoch": "a-1", "first": 1},
        {"epoch": "é", "first": 1},
        {"epoch": "a" * 65, "first": 1},
        {"epoch": "a1", "first": 0},
        {"epoch": "a1", "first": -1},
        {"epoch": "a1", "first": "1.0"},
        {"epoch": "a1", "first": "\u0661"},
        {"epoch": "a1", "first": "9" * 16},
    ],
)
async def test_a_batch_needs_its_epoch_and_its_first_number(school: School, query: dict[str, object]) -> None:
    """400 for what is no epoch or no number."""
    assert (await school.post(body(event(1)), None, **query))[0] == 400


async def test_too_many_lines_are_refused(school: School) -> None:
    """400, and the sentence says how many are allowed."""
    status, told = await school.post(b"\n" * 5001, epoch="a1", first=1)
    assert status == 400
    assert "5000 at most" in told["error"]


async def test_a_body_that_is_too_large_is_refused(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """413, and no more of it is read than that takes."""
    monkeypatch.setattr(routes, "LARGEST_BATCH", 10_000)
    assert (await school.post(b"x" * 10_001, epoch="a1", first=1))[0] == 413


async def test_a_body_is_checked_against_its_digest(school: School) -> None:
    """A batch cut short at a line's end, with a length that fits, is still refused; one that is whole is taken."""
    content = body(event(1), event(2))
    value = base64.b64encode(hashlib.sha256(content).digest()).decode()
    for digest in (f"sha-256=:{value}:", f"md5=:AAAA:, sha-256=:{value}:"):
        status, _ = await school.post(body(event(1)), {"Content-Digest": digest}, epoch="a1", first=1)
        assert status == 400
    assert school.count("published") == 0
    assert (await school.post(content, {"Content-Digest": f"sha-256=:{value}:"}, epoch="a1", first=1))[0] == 200
    assert (await school.post(content, {"Content-Digest": "md5=:AAAA:"}, epoch="a1", first=1))[0] == 200


async def test_a_feed_that_asks_too_often_waits(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with Retry-After once its bucket is empty."""
    monkeypatch.setattr(pace, "PER_SECOND", 0.0)
    monkeypatch.setattr(pace, "AT_ONCE", 3.0)
    statuses = [(await school.post(b""))[0] for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


async def test_a_busy_store_turns_batches_away(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 when too many batches wait."""
    monkeypatch.setattr(ingest_module, "MOST_WAITING", 0)
    assert (await school.post(body(event(1)), epoch="a1", first=1))[0] == 429


async def test_a_store_that_cannot_be_written_is_told_and_nothing_is_lost(school: School) -> None:
    """503 with Retry-After while another holds the store; afterwards the same batch is taken."""
    assert school.client.app
    ingest = school.client.app[INGEST]
    await ingest._in_thread(lambda: ingest._db.conn.execute("PRAGMA busy_timeout = 0"))
    other = sqlite3.connect(school.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert (await school.post(body(event(1)), epoch="a1", first=1))[0] == 503
    other.execute("ROLLBACK")
    other.close()
    assert (await school.post(body(event(1)), epoch="a1", first=1))[0] == 200


async def test_many_at_once_are_each_answered_after_their_commit(school: School) -> None:
    """Ten feeds' epochs side by side: each answer has its own number, and all is in the store."""
    answers = await asyncio.gather(
        *(school.post(body(*(event(s) for s in range(1, n + 1))), epoch=f"e{n}", first=1) for n in range(1, 11))
    )
    assert [(status, told["seq"]) for status, told in answers] == [(200, n) for n in range(1, 11)]
    assert school.count("published") == 55
