"""`/metrics` (Prometheus) and `/healthz` of the analyser: counts only, nothing about persons."""

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lunchbell.live.ingest import Ingest
from lunchbell.live.routes import INGEST, PAUSED


class IngestMetrics(Collector):
    """What the ingest has done since the analyser started."""

    def __init__(self, ingest: Ingest, paused: bool) -> None:
        self.ingest = ingest
        self.paused = paused

    def collect(self) -> Iterable[Metric]:
        """prometheus_client's question."""
        ingest = self.ingest
        for name, text, value in (
            ("events_accepted", "Events that were committed.", ingest.accepted),
            ("events_rejected", "Lines that could not be read.", ingest.rejected),
            ("commits", "Transactions; batches that arrive together share one.", ingest.commits),
        ):
            yield CounterMetricFamily(f"lunchbell_analyser_{name}", text, value=value)
        heard = GaugeMetricFamily(
            "lunchbell_analyser_feed_silent_seconds", "Seconds since a feed was last heard.", labels=["feed"]
        )
        for feed, seconds in ingest.silent_seconds().items():
            heard.add_metric([feed], seconds)
        yield heard
        yield GaugeMetricFamily("lunchbell_analyser_paused", "1 while monitoring is paused.", value=self.paused)


def add_health(app: web.Application) -> None:
    """Mount both on an application that has the ingest."""
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/healthz", _healthz)


async def _metrics(request: web.Request) -> web.Response:
    registry = CollectorRegistry()
    registry.register(IngestMetrics(request.app[INGEST], request.app[PAUSED]()))
    return web.Response(body=generate_latest(registry), content_type="text/plain", charset="utf-8")


async def _healthz(request: web.Request) -> web.Response:
    """Whether the store answers."""
    try:
        await request.app[INGEST].last_seq("", "")
    except Exception:
        return web.json_response({"status": "the store does not answer"}, status=503)
    return web.json_response({"status": "ok"})
