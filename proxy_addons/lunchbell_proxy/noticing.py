"""Notices requests to catalogued services as they pass; keeps no flow, streams every body, never breaks a page."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache

from mitmproxy import http
from mitmproxy.connection import Client

from lunchbell.policy.hosts import host_of
from lunchbell.policy.services import Service
from lunchbell.policy.verdicts import Group, user_of
from lunchbell.policy.words import NEVER_COVERED, Equipment
from lunchbell.settings import Settings
from lunchbell_proxy.bodies import BodyTap
from lunchbell_proxy.observation import Seen, authority, header

logger = logging.getLogger(__name__)

SEEN = "lunchbell.seen"


class Contact:
    """Traffic that was not opened: a server name, a client and an instant (seconds since 1970)."""

    __slots__ = ("at", "device", "group", "service", "settings", "user")

    def __init__(self, settings: Settings, service: Service, group: Group, at: float) -> None:
        self.settings, self.service, self.group, self.at = settings, service, group, at
        self.user = self.device = ""


class Noticing:
    """mitmproxy's hooks around a request; `record` takes what was seen, once it was answered. `paused`: see nothing."""

    def __init__(
        self, settings: Settings, record: Callable[[Seen | Contact], None], paused: Callable[[], bool] = lambda: False
    ) -> None:
        self.record = record
        self.paused = paused
        self.failures = 0
        self._users: dict[str, str] = {}
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """From now on go by these settings; what was noticed before is judged by those it was noticed under."""

        def find(named: str) -> tuple[str, Service | None]:
            host = host_of(named)
            return host, settings.catalogue.service_of(host)

        self.settings = settings
        self._find = lru_cache(maxsize=8192)(find)
        self._devices = settings.devices

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """A tunnel is asked for: remember who asked, for what is judged without being opened."""
        self._know_user(flow)

    def client_disconnected(self, client: Client) -> None:
        """Forget who it was."""
        self._users.pop(client.id, None)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """From here on the body streams, past a tap if a pattern asks for one."""
        if flow.response is not None:  # the proxy itself has answered: it asks who this is
            return
        request = flow.request
        request.stream = True
        try:
            host, service = self._find(authority(request))
            if service is None or self.paused():
                return
            client = flow.client_conn
            address = client.peername[0]
            group = self.settings.clients.group_of(address)
            if group is None:
                return
            self._know_user(flow)
            if not opens(group):
                self.contact(service, group, client)
                return
            seen = flow.metadata[SEEN] = Seen(self.settings, service, group, host, request)
            seen.user, seen.device = self._users.get(client.id, ""), self._devices.get(address, "")
            if service.index.needs_body(seen.method, seen.path):
                headers = seen.headers
                seen.tap = BodyTap(header(headers, b"content-type"), header(headers, b"content-encoding"))
                request.stream = seen.tap
        except Exception as error:
            self._failed(error)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Answers stream, counted where they will be judged."""
        if flow.response is not None:
            flow.response.stream = flow.metadata.get(SEEN) or True

    def response(self, flow: http.HTTPFlow) -> None:
        """The answer is complete."""
        self._answered(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """There was no answer, or not all of it."""
        self._answered(flow)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Nothing said over a WebSocket is kept, not even in memory."""
        if flow.websocket:
            flow.websocket.messages.clear()

    def contact(self, service: Service, group: Group, client: Client) -> None:
        """Traffic that is not opened: judged by server name alone."""
        contact = Contact(self.settings, service, group, time.time())
        contact.user, contact.device = self._users.get(client.id, ""), self._devices.get(client.peername[0], "")
        self.record(contact)

    def _answered(self, flow: http.HTTPFlow) -> None:
        seen: Seen | None = flow.metadata.pop(SEEN, None)
        if seen is not None:
            try:
                seen.answered(flow.response)
                self.record(seen)
            except Exception as error:
                self._failed(error)

    def _know_user(self, flow: http.HTTPFlow) -> None:
        if "proxyauth" in flow.metadata:
            self._users[flow.client_conn.id] = user_of(flow.metadata["proxyauth"][0])

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        logger.error("a request was not noticed, because of a mistake in Lunchbell; it went through", exc_info=error)


def opens(group: Group) -> bool:
    """Whether a group's traffic may be opened: school equipment, and people that the policy is about."""
    return group.equipment is Equipment.SCHOOL and group.audience not in NEVER_COVERED
