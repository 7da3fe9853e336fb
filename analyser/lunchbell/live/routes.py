"""`POST /api/events`: a feed's token, an epoch, the number of the first line, NDJSON; answered after the commit."""

from aiohttp import web

from lunchbell.live.ingest import Ingest, decode
from lunchbell.store.feeds import FeedGapError

LARGEST_BATCH = 4 * 1024 * 1024

INGEST = web.AppKey("ingest", Ingest)


def add_ingest(app: web.Application, ingest: Ingest) -> None:
    """Mount the feed's address on an application."""
    app[INGEST] = ingest
    app.router.add_post("/api/events", post_events)
    app.on_cleanup.append(_close)


async def post_events(request: web.Request) -> web.Response:
    """200 with the last number that is in the store; 409 with the same if events before the batch are missing."""
    ingest = request.app[INGEST]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    feed = await ingest.feed_of(token) if scheme.lower() == "bearer" and token else None
    if feed is None:
        return _problem(401, "this needs a feed's token; make one with: lunchbell token new NAME")
    epoch, first = request.query.get("epoch", ""), request.query.get("first", "")
    if not (epoch and len(epoch) <= 64 and first.isascii() and first.isdigit() and 0 < int(first[:18]) < 2**53):
        return _problem(400, "say epoch= (up to 64 characters) and first= (the number of the first line)")
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > LARGEST_BATCH:
            return _problem(413, f"a batch has {LARGEST_BATCH} bytes at most")
    try:
        batch = decode(int(first), bytes(body))
    except ValueError as error:
        return _problem(400, str(error))
    try:
        seq = await ingest.accept(feed, epoch, batch)
    except FeedGapError as gap:
        return web.json_response({"seq": gap.seq, "error": str(gap)}, status=409)
    return web.json_response({"seq": seq, "rejected": [number for number, _ in batch.rejected]})


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


async def _close(app: web.Application) -> None:
    await app[INGEST].close()
