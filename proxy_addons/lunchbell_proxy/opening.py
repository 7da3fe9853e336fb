"""What to open: catalogued names on school equipment, nothing else. All else passes unopened.

Apps that pin certificates refuse ours, and some servers refuse us: they ask for a client's certificate, which only the
client has, or fail the handshake. Such a client and host are remembered, and passed through from then on.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from mitmproxy import tls
from OpenSSL import SSL

from lunchbell.policy.hosts import host_of
from lunchbell.settings import Settings
from lunchbell_proxy.noticing import Noticing, opens

logger = logging.getLogger(__name__)

REMEMBERED = 24 * 3600.0
"""Seconds for which a client that refused our certificate for a host is passed through to it."""
SERVER_REMEMBERED = 600.0
"""The same for a client and a server whose handshake failed: that may have been the network."""
MOST_REMEMBERED = 10_000
ASKED = b"read server certificate request"
"""The end of OpenSSL's name, in every version of TLS, for a server's wish to see a client's certificate."""

Refusal = tuple[str, str]
"""Client address and server name; in memory only."""


class Opening:
    """Decides at the TLS ClientHello, by server name and client address. `paused`: open nothing."""

    def __init__(self, settings: Settings, noticing: Noticing, paused: Callable[[], bool]) -> None:
        self.noticing = noticing
        self.paused = paused
        self.opened = self.passed = self.refused = self.refused_by_server = self.failures = 0
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
        self.refused += 1
        self._remember(_refusal(data), REMEMBERED)

    def tls_start_server(self, data: tls.TlsData) -> None:
        """Watch the handshake: whether the server asks for a client's certificate is told nowhere else."""
        if data.ssl_conn:
            data.ssl_conn.set_app_data(_refusal(data))
            context = data.ssl_conn.get_context()
            # pyOpenSSL lets nobody change a context that has a connection, and mitmproxy has made one already. The
            # callback is looked up anew at each step of a handshake, so setting it late is safe.
            context._used = False
            context.set_info_callback(self._told)
            context._used = True

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """The handshake with the server failed: let the client try by itself."""
        self.refused_by_server += 1
        self._remember(_refusal(data), SERVER_REMEMBERED)

    def _told(self, connection: SSL.Connection, where: int, what: int) -> None:
        if where & SSL.SSL_CB_LOOP and connection.get_state_string().endswith(ASKED):
            self.refused_by_server += 1
            self._remember(connection.get_app_data(), REMEMBERED)

    def _remember(self, refusal: Refusal, seconds: float) -> None:
        self._refusals[refusal] = time.monotonic() + seconds
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
        return self._refusals.get(refusal, 0.0) > time.monotonic()


def _refusal(data: tls.TlsData) -> Refusal:
    client = data.context.client
    return client.peername[0], host_of(client.sni or "")
