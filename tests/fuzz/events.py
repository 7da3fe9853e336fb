"""Feeds that lie: batches of sound, odd and broken lines against `POST /api/events`, over a real socket."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from hypothesis import strategies as st
from sqlite_utils import Database

from lunchbell.live.ingest import Ingest
from lunchbell.live.routes import PACE, add_ingest
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import create_token

SECRET = "secret.facebook.com/what-was-written"
"""Stands in odd values: it must not be kept as a reason."""

SOUND = {
    "v": 1, "at": 1_763_295_600_123, "seq": 1, "group": "staffroom", "subject": "", "service": "x", "kind": "microblog",
    "activity": "post", "evidence": "published", "period": "lunch", "network": "school", "outcome": "permitted",
    "rule": "", "clause": "401-3", "policy": "p@1", "bytes": 1812, "source": "proxy",
}  # fmt: skip

ODD = [
    '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', f'"{SECRET}"', '""', "null", "true", "[]", "{}", "-1", "0", "1.5",
    "1e999", "-0", "NaN", "Infinity", "9" * 400, str(2**63), str(2**53), str(2**64), "[" * 3000, '{"a":' * 3000,
    f'{{"{SECRET}":1}}', f'"{"long " * 20_000}"', '"\\x00"', "'single'", '"unfinished', "",
]  # fmt: skip
RAW = [
    b"", b" ", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"null", b"[]", b"{}", b"[" * 20_000, b'"' + b"a" * 30_000,
    b'{"v":1,"gap":', b'{"v":1,"gap":1,"until":0,"reason":"full","lost":0,"seq":1}', b"\xef\xbb\xbf{}", b"\r",
    b'{"v":1,"gap":1,"until":2,"reason":"' + SECRET.encode() + b'","lost":0,"seq":1}',
]  # fmt: skip


class Line(NamedTuple):
    """One line: sound, with a marker of its own to be counted by; or (`raw`) anything."""

    raw: bytes | None
    odd: tuple[str, str] | None
    twice: bool


def lines() -> st.SearchStrategy[Line]:
    """Half of them sound."""
    keys = st.sampled_from([*SOUND, SECRET, "gap"])
    odd = st.builds(lambda k, v: Line(None, (k, v), False), keys, st.sampled_from(ODD))
    raw = st.one_of(st.sampled_from(RAW), st.binary(max_size=60)).map(
        lambda b: Line(b.replace(b"\n", b""), None, False)
    )
    sound = st.just(Line(None, None, False))
    return st.one_of(sound, sound, odd, raw, st.just(Line(None, None, True)))


class Post(NamedTuple):
    """A batch: where it begins, counted from what the store has; how it is damaged on the way."""

    start: int
    lines: list[Line]
    again: bool
    damage: str


def posts() -> st.SearchStrategy[list[Post]]:
    """Several to one epoch, in any order."""
    start = st.one_of(st.just(0), st.just(0), st.integers(-5, 5))
    damage = st.sampled_from(["", "", "", "", "digest", "length", "chunk", "gzip", "token", "epoch", "first"])
    return st.lists(
        st.builds(Post, start, st.lists(lines(), min_size=1, max_size=6), st.booleans(), damage), max_size=6
    )


class Answered(NamedTuple):
    """Status and body."""

    status: int
    told: dict[str, Any]


class Server:
    """An analyser's events address on a port of its own; also what it logged."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.database = folder / "fuzzed.db"
        db = open_store(self.database)
        self.token = create_token(db, "fuzzer", "feed", 0)
        db.close()
        self.epochs = count(1)
        self.markers = count(1)
        self.loop.run_until_complete(self._start())

    async def _start(self) -> None:
        app = web.Application()
        add_ingest(app, Ingest(self.database, lambda: 0), lambda: False)
        app[PACE].allows = lambda feed: True  # type: ignore[method-assign]
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.port = self.runner.addresses[0][1]

    def close(self) -> None:
        """Stop."""
        self.loop.run_until_complete(self.runner.cleanup())
        self.loop.close()

    def ask(self, question: str, *values: object) -> list[Any]:
        """Rows of the store."""
        db = Database(self.database)
        try:
            return list(db.conn.execute(question, values))
        finally:
            db.close()

    def send(self, request: bytes, *, cut_off: bool = False) -> Answered:
        """Raw bytes in, the answer out; status 0 if the server only hung up, or if we do so."""
        return self.loop.run_until_complete(asyncio.wait_for(self._send(request, cut_off), 30))

    async def _send(self, request: bytes, cut_off: bool) -> Answered:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            if cut_off:
                return Answered(0, {})
            answer = await reader.read()
        except ConnectionError:
            return Answered(0, {})
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head else 0
        return Answered(status, json.loads(body) if body.startswith(b"{") else {})

    def post(self, epoch: str, first: int, body: bytes, damage: str = "") -> Answered:
        """A batch, damaged in one way or not at all."""
        headers = [f"Authorization: Bearer {self.token}".encode(), b"Host: analyser", b"Connection: close"]
        where = f"epoch={epoch}&first={first}".encode()
        if damage == "token":
            headers[0] = b"Authorization: Bearer \xff\xfe\xed"
        elif damage == "digest":
            headers.append(b"Content-Digest: sha-256=:\xe9AAAA:")
        elif damage == "gzip":
            headers.append(b"Content-Encoding: gzip")
        elif damage == "epoch":
            where = b"epoch=%00%ff%ed%a0%80&first=1"
        elif damage == "first":
            where = f"epoch={epoch}&first=%EF%BC%91".encode()
        if damage == "chunk":
            headers.append(b"Transfer-Encoding: chunked")
            body = b"zz\r\n" + body
        else:
            headers.append(b"Content-Length: %d" % (len(body) + 5 * (damage == "length")))
        request = b"POST /api/events?" + where + b" HTTP/1.1\r\n" + b"\r\n".join(headers) + b"\r\n\r\n" + body
        return self.send(request, cut_off=damage == "length")


class Errors(logging.Handler):
    """Collects what is logged as an error, or with an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, BadHttpMessage):
            return  # aiohttp tells of requests that are no HTTP in this way, and answers 400 before we are asked
        if record.levelno >= logging.ERROR or error:
            self.found.append(f"{record.name}: {record.getMessage()} {error!r}")


@contextmanager
def no_errors_logged() -> Iterator[None]:
    """Whatever happens inside must not be logged as an error."""
    errors = Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(errors)
    assert errors.found == []


def play(server: Server, posted: list[Post]) -> None:
    """Send everything to a fresh epoch; afterwards each sound event that was taken is in the store, once."""
    epoch = f"e{next(server.epochs)}"
    has = 0
    taken: set[str] = set()
    for post in posted:
        first = max(1, has + 1 + post.start)
        body, marked = _written(server, epoch, first, post.lines)
        for _ in range(2 if post.again else 1):
            answer = server.post(epoch, first, body, post.damage)
            assert answer.status in (200, 400, 401, 409, 413) or (answer.status == 0 and post.damage), answer
            if answer.status == 200:
                if post.damage:
                    assert answer.told["seq"] == has, "a damaged batch was taken"
                    continue
                assert first <= has + 1
                assert answer.told["seq"] == max(has, first + len(post.lines) - 1)
                refused = set(answer.told["rejected"])
                taken |= {marker for seq, marker in marked.items() if seq > has and seq not in refused}
                has = answer.told["seq"]
            elif answer.status == 409:
                assert answer.told["seq"] == has < first - 1
    counted = dict(server.ask("SELECT rule, requests FROM usage WHERE rule LIKE ?", f"{epoch}-%"))
    assert set(counted) == taken
    assert set(counted.values()) <= {1}
    assert server.ask("SELECT count(*) FROM rejected WHERE reason LIKE '%secret%' OR length(reason) > 120") == [(0,)]


def _written(server: Server, epoch: str, first: int, lines: list[Line]) -> tuple[bytes, dict[int, str]]:
    """The body, and by number the marker of each line that may count."""
    written, marked = [], {}
    for seq, line in enumerate(lines, first):
        if line.raw is not None:
            written.append(line.raw)
            continue
        marker = f"{epoch}-{next(server.markers)}"
        pairs = [(key, json.dumps(value)) for key, value in (SOUND | {"seq": seq, "rule": marker}).items()]
        if line.odd:
            pairs = [*(p for p in pairs if p[0] != line.odd[0]), line.odd]
        if line.twice:
            pairs = [("v", "1"), *pairs, ("bytes", "1")]
        written.append(("{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}").encode())
        if not line.odd or line.odd[0] != "rule":
            marked[seq] = marker
    return b"".join(line + b"\n" for line in written), marked
