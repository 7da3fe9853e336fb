"""`POST /api/events`: a feed's token, an epoch, the number of the first line, NDJSON; answered after the commit.

    200  {"epoch": ..., "seq": last number in the store, "rejected": [lines that cannot be read], "paused": false}
    409  {"epoch": ..., "seq": ...}  lines before the batch are missing; nothing of it was taken
    400, 401, 413  the request is wrong and stays wrong      429, 503  try again later; nothing was taken

A `Content-Digest` (RFC 9530, sha-256) is checked where there is one, so that a batch cut short is sent again.
An empty body says that the feed is alive; with an epoch it also asks whether the store has all lines before `first`.
"""

import base64
import hashlib
import logging
import sqlite3
from collections.abc import Callable

from aiohttp import web

from lunchbell.live.decoding import decode
from lunchbell.live.ingest import BusyError, Ingest
from lunchbell.live.pace import Pace
from lunchbell.store.feeds import Range

logger = logging.getLogger(__name__)

LARGEST_BATCH = 4 * 1024 * 1024

INGEST = web.AppKey("ingest", Ingest)
PACE = web.AppKey("pace", Pace)
PAUSED: web.AppKey[Callable[[], bool]] = web.AppKey("paused")


def add_ingest(app: web.Application, ingest: Ingest, paused: Callable[[], bool]) -> None:
    """Mount the feeds' address on an application; `paused` says whether monitoring is paused."""
    app[INGEST] = ingest
    app[PACE] = Pace()
    app[PAUSED] = paused
    app.router.add_post("/api/events", post_events)
    app.on_cleanup.append(_close)


async def post_events(request: web.Request) -> web.Response:
    """Take a batch."""
    try:
        return await _take(request)
    except BusyError:
        return _problem(429, "the analyser is busy; try again in a second")
    except sqlite3.Error as error:
        logger.error("the store cannot be written: %s", error)
        return _problem(503, "the store cannot be written; try again later")


async def _take(request: web.Request) -> web.Response:
    ingest = request.app[INGEST]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    feed = await ingest.feed_of(token) if scheme.lower() == "bearer" and token else None
    if feed is None:
        return _problem(401, "this needs a feed's token; make one with: lunchbell token new NAME")
    if not request.app[PACE].allows(feed):
        return _problem(429, "too many requests; try again in a second")
    try:
        body = await _body(request)
    except (web.RequestPayloadError, ConnectionError):
        request.content.feed_eof()  # or aiohttp would stumble over the same error again
        return _problem(400, "the body ends early, or is not what its headers say; send it again")
    if body is None:
        return _problem(413, f"a batch has {LARGEST_BATCH} bytes at most")
    if not _digest_holds(request.headers.get("Content-Digest", ""), body):
        return _problem(400, "the body is not what its Content-Digest says; send it again")
    paused = request.app[PAUSED]()
    epoch, first = request.query.get("epoch", ""), request.query.get("first", "")
    if not body and not epoch:
        return web.json_response({"seq": 0, "rejected": [], "paused": paused})
    if not (0 < len(epoch) <= 64 and epoch.isascii() and epoch.isalnum() and _is_number(first)):
        return _problem(400, "say epoch= (up to 64 letters and digits) and first= (the number of the first line)")
    rejected: list[int] = []
    if body:
        try:
            decoded = decode(int(first), body)
        except ValueError as error:
            return _problem(400, str(error))
        rejected = [number for number, _ in decoded.rejected]
        seq = await ingest.accept(Range(feed, epoch, *decoded))
    else:
        has = await ingest.last_seq(feed, epoch)
        seq = has if has >= int(first) - 1 else None
    if seq is None:
        has = await ingest.last_seq(feed, epoch)
        told = {"epoch": epoch, "seq": has, "paused": paused, "error": f"lines after {has} are missing"}
        return web.json_response(told, status=409)
    return web.json_response({"epoch": epoch, "seq": seq, "rejected": rejected, "paused": paused})


async def _body(request: web.Request) -> bytes | None:
    """The whole body, or None if it is too large."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > LARGEST_BATCH:
            return None
    return bytes(body)


def _digest_holds(header: str, body: bytes) -> bool:
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "sha-256":
            return value.strip(":") == base64.b64encode(hashlib.sha256(body).digest()).decode()
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15 and int(text) > 0


def _problem(status: int, text: str) -> web.Response:
    return web.json_response(
        {"error": text}, status=status, headers={"Retry-After": "1"} if status in (429, 503) else {}
    )


async def _close(app: web.Application) -> None:
    await app[INGEST].close()
