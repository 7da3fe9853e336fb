"""What to open: catalogued names on school equipment, nothing else. All else passes unopened.

Apps that pin certificates refuse ours. Such a client and host are remembered, and passed through from then on.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from mitmproxy import tls

from lunchbell.policy.hosts import host_of
from lunchbell.settings import Settings
from lunchbell_proxy.noticing import Noticing, opens

logger = logging.getLogger(__name__)

REMEMBERED = 24 * 3600.0
"""Seconds for which a client that refused our certificate for a host is passed through to it."""
MOST_REMEMBERED = 10_000

Refusal = tuple[str, str]
"""Client address and server name; in memory only."""


class Opening:
    """Decides at the TLS ClientHello, by server name and client address. `paused`: open nothing."""

    def __init__(self, settings: Settings, noticing: Noticing, paused: Callable[[], bool]) -> None:
        self.noticing = noticing
        self.paused = paused
        self.opened = self.passed = self.refused = self.failures = 0
        self._refusals: OrderedDict[Refusal, float] = OrderedDict()
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """From now on go by these settings."""
        self.settings = settings

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Open, or pass through."""
        try:
            data.ignore_connection = not self._opens(data)
        except Exception as error:
            self.failures += 1
            logger.error("a connection passed unopened, because of a mistake in Lunchbell", exc_info=error)
            data.ignore_connection = True
        if data.ignore_connection:
            self.passed += 1
        else:
            self.opened += 1

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """The client ended the handshake: it does not trust our certificate."""
        client = data.context.client
        refusal = (client.peername[0], host_of(client.sni or ""))
        self.refused += 1
        self._refusals[refusal] = time.monotonic()
        self._refusals.move_to_end(refusal)
        if len(self._refusals) > MOST_REMEMBERED:
            self._refusals.popitem(last=False)

    def _opens(self, data: tls.ClientHelloData) -> bool:
        client, address = data.context.client, data.context.server.address
        named = host_of(data.client_hello.sni or (address[0] if address else ""))
        service = self.settings.catalogue.service_of(named)
        group = self.settings.clients.group_of(client.peername[0]) if service else None
        if service is None or group is None or self.paused():
            return False
        if opens(group) and not self._refuses((client.peername[0], named)):
            return True
        self.noticing.contact(service, group, client)
        return False

    def _refuses(self, refusal: Refusal) -> bool:
        since = self._refusals.get(refusal)
        return since is not None and time.monotonic() - since < REMEMBERED
