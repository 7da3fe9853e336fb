"""`/metrics` (Prometheus) and `/healthz` of the proxy: counts only, nothing about persons."""

from collections.abc import Callable, Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from lunchbell_proxy.logs import OursOnly
from lunchbell_proxy.noticing import Noticing
from lunchbell_proxy.opening import Opening
from lunchbell_proxy.recording import Recording
from lunchbell_proxy.reload import Reload
from lunchbell_proxy.sending import Sending


class Metrics:
    """Serves on `listen` (host:port) while the proxy runs."""

    def __init__(
        self, listen: str, opening: Opening, noticing: Noticing, recording: Recording, sending: Sending, reload: Reload,
        others: OursOnly,
    ) -> None:  # fmt: skip
        self.listen = listen
        self._counters: dict[str, tuple[str, Callable[[], float]]] = {
            "connections_opened": ("TLS connections that were opened.", lambda: opening.opened),
            "connections_passed": ("TLS connections that passed unopened.", lambda: opening.passed),
            "certificate_refused": ("Handshakes that clients ended: pinned apps.", lambda: opening.refused),
            "servers_refused": (
                "Servers that ended a handshake, or asked for a client's certificate.",
                lambda: opening.refused_by_server,
            ),
            "events_recorded": ("Lines that the outbox took.", lambda: recording.recorded),
            "events_lost": ("Events that could not be recorded; reported as gaps.", lambda: recording.lost),
            "analyser_errors": ("Batches that the analyser did not take.", lambda: sending.unreachable),
            "mistakes": (
                "Exceptions of Lunchbell's own; traffic went through.",
                lambda: opening.failures + noticing.failures + recording.failures,
            ),
            "settings_reloaded": ("Reloads that were taken over.", lambda: reload.done_count),
            "settings_refused": ("Reloads that were refused for mistakes.", lambda: reload.refused_count),
            "mitmproxy_messages": ("Messages of mitmproxy's that were not logged.", lambda: others.count),
        }
        self._gauges: dict[str, tuple[str, Callable[[], float]]] = {
            "outbox_waiting": ("Lines that the analyser has not confirmed.", lambda: recording.outbox.waiting),
            "paused": ("1 while monitoring is paused.", lambda: recording.paused),
        }
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._runner: web.AppRunner | None = None

    def collect(self) -> Iterable[Metric]:
        """prometheus_client's question."""
        for name, (text, value) in self._counters.items():
            yield CounterMetricFamily(f"lunchbell_proxy_{name}", text, value=value())
        for name, (text, value) in self._gauges.items():
            yield GaugeMetricFamily(f"lunchbell_proxy_{name}", text, value=value())

    async def running(self) -> None:
        """mitmproxy's hook: the proxy is up."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        host, _, port = self.listen.rpartition(":")
        await web.TCPSite(self._runner, host, int(port)).start()

    async def done(self) -> None:
        """mitmproxy's hook: the proxy ends."""
        if self._runner:
            await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), content_type="text/plain", charset="utf-8")

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})
