"""Sending: whatever an analyser answers, lines stay until it has them, and none counts twice."""

import asyncio
import base64
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.proxy.lines import event

from lunchbell.live.ingest import Ingest
from lunchbell.live.routes import add_ingest
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import create_token
from lunchbell_proxy import sending as sending_module
from lunchbell_proxy.outbox import Outbox
from lunchbell_proxy.sending import AnalyserError, Sending

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Analyser:
    """Answers as a test says: a handler a request, the last for all that follow."""

    def __init__(self) -> None:
        self.handlers: list[Handler] = []
        self.requests: list[tuple[str, str, bytes]] = []

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        body = await request.read()
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        assert request.headers["Content-Digest"] == f"sha-256=:{digest}:"
        assert request.headers["Authorization"] == "Bearer secret"
        self.requests.append((request.query.get("epoch", ""), request.query.get("first", ""), body))
        return await (self.handlers.pop(0) if len(self.handlers) > 1 else self.handlers[0])(request)


def says(status: int, body: object, **headers: str) -> Handler:
    """A fixed answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers=headers)

    return answer


async def takes(request: web.Request) -> web.StreamResponse:
    """An analyser that takes everything."""
    lines = (await request.read()).count(b"\n")
    first = int(request.query.get("first", "1"))
    return web.json_response({"seq": first - 1 + lines, "rejected": [], "paused": False})


@pytest.fixture
async def analyser() -> AsyncIterator[tuple[Analyser, str]]:
    """It, and its address."""
    made = Analyser()
    app = web.Application()
    app.router.add_post("/api/events", made.post)
    async with TestServer(app) as server:
        yield made, str(server.make_url("/"))


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    """With ten events."""
    made = Outbox(tmp_path / "outbox.db")
    made.commit([event(n) for n in range(10)], 1)
    return made


async def step(sending: Sending) -> bool:
    """Do what is to be done now."""
    async with aiohttp.ClientSession() as session:
        return await sending._step(session)


async def test_lines_go_once_they_are_taken(analyser: tuple[Analyser, str], outbox: Outbox) -> None:
    """Lines that the analyser has are sent no more; when there are none, it hears that the proxy is alive."""
    made, address = analyser
    made.handlers = [takes]
    sending = Sending(outbox, address, "secret")
    assert await step(sending)
    assert outbox.waiting == 0
    assert not await step(sending)
    (epoch, first, body), *rest = made.requests
    assert (first, body.count(b"\n")) == ("1", 10)
    assert rest in ([], [(epoch, "11", b"")])


@pytest.mark.parametrize(
    "handler",
    [
        says(500, {"seq": 10, "paused": False}),
        says(503, {"error": "later"}),
        says(429, {"error": "later"}),
        says(401, {"error": "token"}),
        says(204, b""),
        says(200, b"<html>captive portal</html>"),
        says(200, b"\xff\xfe"),
        says(200, []),
        says(200, {"seq": "10", "paused": False}),
        says(200, {"seq": True, "paused": False}),
        says(200, {"seq": 10}),
        says(200, {"seq": 10, "paused": "no"}),
        says(200, {"seq": -1, "paused": False}),
        says(200, {"seq": 9, "paused": False}),
        says(200, {"seq": 10, "paused": False, "epoch": "another"}),
        says(409, {"seq": 0, "paused": False}),
        says(409, {"seq": 10, "paused": False}),
        says(307, b"", Location="http://127.0.0.1:1/api/events"),
        says(200, b" " * (sending_module.LONGEST_ANSWER + 1)),
    ],
)
async def test_lines_stay_whatever_nonsense_is_answered(
    analyser: tuple[Analyser, str], outbox: Outbox, handler: Handler
) -> None:
    """An answer that does not say that all lines are there is a failure, and nothing is removed or renumbered."""
    made, address = analyser
    made.handlers = [handler]
    before = outbox.batch(500)
    with pytest.raises(AnalyserError):
        await step(Sending(outbox, address, "secret"))
    assert outbox.batch(500) == before
    assert len(made.requests) == 1


async def test_a_restored_outbox_drops_what_the_analyser_has(analyser: tuple[Analyser, str], outbox: Outbox) -> None:
    """An analyser that has more of an epoch than the file, as after a restore of the file, has what is in it."""
    made, address = analyser
    made.handlers = [says(200, {"seq": 700, "rejected": [], "paused": False})]
    assert await step(Sending(outbox, address, "secret"))
    assert outbox.waiting == 0
    assert outbox.sent()[0][1] == 10


async def test_it_hears_of_a_pause(analyser: tuple[Analyser, str], outbox: Outbox) -> None:
    """Each answer says whether monitoring is paused."""
    made, address = analyser
    made.handlers = [says(200, {"seq": 10, "paused": True})]
    sending = Sending(outbox, address, "secret")
    await step(sending)
    assert sending.paused


async def test_it_goes_on_after_failures_of_every_kind(
    analyser: tuple[Analyser, str], outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut link, an outbox that cannot be read and a mistake of ours are tried again until it works."""
    made, address = analyser
    made.handlers = [takes]
    monkeypatch.setattr(sending_module, "LONGEST_PAUSE", 0.01)
    failures: list[Exception] = [sqlite3.OperationalError("disk I/O error"), OSError("cut"), KeyError("a mistake")]
    batch = outbox.batch

    def failing(size: int) -> object:
        if failures:
            raise failures.pop()
        return batch(size)

    monkeypatch.setattr(outbox, "batch", failing)
    sending = Sending(outbox, address, "secret")
    await sending.running()
    while outbox.waiting:
        await asyncio.sleep(0.01)
    await sending.done()
    assert sending.unreachable == 3


async def test_an_end_without_an_analyser_leaves_all_on_disk(tmp_path: Path, outbox: Outbox) -> None:
    """The last try fails quietly, and the next start has the lines."""
    sending = Sending(outbox, "http://127.0.0.1:1", "secret")
    await sending.running()
    await sending.done()
    assert Outbox(tmp_path / "outbox.db").waiting == 10


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[tuple[str, str, Path]]:
    """The real analyser: its address, a token, its store."""
    path = tmp_path / "store.db"
    db = open_store(path)
    token = create_token(db, "proxy", "feed", 0)
    db.close()
    app = web.Application()
    add_ingest(app, Ingest(path, lambda: 0), lambda: False)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), token, path


def stored(path: Path) -> tuple[int, list[tuple[str, int, int]]]:
    """How many events there are; reason, first number and count of each gap."""
    db = sqlite3.connect(path)
    events = db.execute("SELECT count(*) FROM published").fetchone()[0]
    gaps = db.execute("SELECT reason, seq, lost FROM gaps ORDER BY seq").fetchall()
    db.close()
    return events, gaps


def set_back(path: Path, seq: int) -> None:
    """As if a backup of the store were in its place: it has every epoch up to `seq` only."""
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM published WHERE seq > ?", (seq,))
        db.execute("UPDATE feeds SET seq = ?", (seq,))
    db.close()


async def test_a_store_that_was_set_back_has_a_gap_of_the_right_size(
    real: tuple[str, str, Path], outbox: Outbox
) -> None:
    """What it lost is counted, what comes after is not lost, and nothing more is sent than one gap."""
    address, token, path = real
    sending = Sending(outbox, address, token)
    await step(sending)
    set_back(path, 4)
    outbox.commit([event(n) for n in range(3)], 2)
    while await step(sending):
        pass
    assert stored(path) == (4 + 3, [("store", 5, 6)])


async def test_past_epochs_are_looked_at_too(real: tuple[str, str, Path], outbox: Outbox, tmp_path: Path) -> None:
    """A proxy that starts again after the store was set back finds what is missing of before, and of every epoch."""
    address, token, path = real
    await step(Sending(outbox, address, token))
    outbox.close()
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.commit([event(n) for n in range(8)], 2)
    await step(Sending(outbox, address, token))
    outbox.close()
    set_back(path, 5)
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.commit([event(1)], 3)
    sending = Sending(outbox, address, token)
    while await step(sending):
        pass
    events, gaps = stored(path)
    assert events == 5 + 5 + 1
    assert gaps == [("store", 6, 5), ("store", 6, 3)] or gaps == [("store", 6, 3), ("store", 6, 5)]


async def test_a_lie_about_a_store_set_back_counts_nothing(real: tuple[str, str, Path], outbox: Outbox) -> None:
    """Lines that the analyser has after all are neither lost nor counted again, whatever it said of them."""
    address, token, path = real
    sending = Sending(outbox, address, token)
    await step(sending)
    epoch = outbox.sent()[0][0]
    outbox.commit([event(1)], 2)
    assert outbox.fill(epoch, 3, 7) == 7
    while await step(sending):
        pass
    assert stored(path) == (11, [])
