"""At the last hop, the headers that say who is behind the proxy are taken away; a filter behind us still gets them."""

from mitmproxy import http

from lunchbell.settings import Settings

NAMING = ("X-Forwarded-For", "Via", "Forwarded", "X-Real-IP")


class Headers:
    """Strips requests where no `[proxy] upstream` comes after us."""

    def __init__(self, settings: Settings) -> None:
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """From now on go by these settings."""
        self._last_hop = not settings.file.proxy.upstream

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook."""
        if self._last_hop:
            for name in NAMING:
                flow.request.headers.pop(name, None)
