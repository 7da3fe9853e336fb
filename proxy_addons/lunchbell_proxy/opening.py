"""What to open: catalogued names on school equipment, nothing else. All else passes unopened."""

import logging

from mitmproxy import tls
from mitmproxy.connection import Client

from lunchbell.policy.hosts import host_of
from lunchbell.policy.services import Service
from lunchbell.policy.verdicts import Group
from lunchbell.settings import Settings
from lunchbell_proxy.noticing import Noticing, opens

logger = logging.getLogger(__name__)


class Opening:
    """Decides at the TLS ClientHello, by server name and client address."""

    def __init__(self, settings: Settings, noticing: Noticing) -> None:
        self.settings = settings
        self.noticing = noticing
        self.passed = 0
        self.opened = 0

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Open, or pass through."""
        try:
            client = data.context.client
            address = data.context.server.address
            named = host_of(data.client_hello.sni or (address[0] if address else ""))
            service, group = self._who(named, client)
            if service and group and opens(group):
                self.opened += 1
                return
            self.passed += 1
            data.ignore_connection = True
            if service and group:
                self.noticing.contact(service, group, client)
        except Exception:
            logger.exception("this connection was passed through unopened, because of a mistake in Lunchbell")
            data.ignore_connection = True

    def _who(self, named: str, client: Client) -> tuple[Service | None, Group | None]:
        service = self.settings.catalogue.service_of(named)
        return service, self.settings.clients.group_of(client.peername[0]) if service else None
