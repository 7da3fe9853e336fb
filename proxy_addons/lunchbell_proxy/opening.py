"""What to open: catalogued names on school equipment, nothing else. All else passes unopened."""

import logging

from mitmproxy import http, tls
from mitmproxy.connection import Client

from lunchbell.policy.hosts import host_of
from lunchbell.policy.services import Service
from lunchbell.policy.verdicts import Group
from lunchbell.policy.words import NEVER_COVERED, Equipment
from lunchbell.settings import Settings
from lunchbell_proxy.judging import Judging

logger = logging.getLogger(__name__)


class Opening:
    """Decides at the TLS ClientHello, by server name and client address."""

    def __init__(self, settings: Settings, judging: Judging) -> None:
        self.settings = settings
        self.judging = judging
        self.passed = 0
        self.opened = 0

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """A tunnel is asked for: remember who asked, for what is judged without being opened."""
        self.judging.know_user(flow)

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
                self.judging.contact(service, group, client)
        except Exception:
            logger.exception("this connection was passed through unopened, because of a mistake in Lunchbell")
            data.ignore_connection = True

    def _who(self, named: str, client: Client) -> tuple[Service | None, Group | None]:
        service = self.settings.catalogue.service_of(named)
        return service, self.settings.clients.group_of(client.peername[0]) if service else None


def opens(group: Group) -> bool:
    """Whether a group's traffic may be opened: school equipment, and people that the policy is about."""
    return group.equipment is Equipment.SCHOOL and group.audience not in NEVER_COVERED
