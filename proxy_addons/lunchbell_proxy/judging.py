"""From what was seen to an event. An exception of ours never breaks a page: it is logged, and the page loads."""

import logging
import time
from collections.abc import Callable

from mitmproxy import http
from mitmproxy.connection import Client

from lunchbell.events import Event, event_of, subject_of
from lunchbell.policy.services import Service
from lunchbell.policy.verdicts import Group, Use, user_of
from lunchbell.policy.words import NEVER_COVERED, Activity, Equipment, Network
from lunchbell.settings import Settings
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.observation import Seen, host, notice, observe

logger = logging.getLogger(__name__)

SEEN = "lunchbell.seen"
GROUP = "lunchbell.group"
SIZE = "lunchbell.size"


class Counter:
    """Stands in a stream and counts its bytes."""

    def __init__(self) -> None:
        self.size = 0

    def __call__(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        return chunk


class Judging:
    """Judges opened requests when they have been answered, and hands events on."""

    def __init__(self, settings: Settings, record: Callable[[Event], None], key: Callable[[int], bytes], clock: Clock) -> None:
        self.settings = settings
        self.record = record
        self.key = key
        self.clock = clock
        self.failures = 0
        self._users: dict[str, str] = {}

    def know_user(self, flow: http.HTTPFlow) -> None:
        """Remember who authenticated on a connection, until it ends."""
        if "proxyauth" in flow.metadata:
            self._users[flow.client_conn.id] = user_of(flow.metadata["proxyauth"][0])

    def client_disconnected(self, client: Client) -> None:
        """mitmproxy's hook: forget who it was."""
        self._users.pop(client.id, None)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: from here on the body streams, past a tap if a pattern asks for one."""
        flow.request.stream = True
        try:
            named = host(flow)
            service = self.settings.catalogue.service_of(named)
            if service is None:
                return
            peer = flow.client_conn.peername
            group = self.settings.clients.group_of(peer[0]) if peer else None
            if group is None:
                return
            self.know_user(flow)
            if group.equipment is Equipment.PERSONAL or group.audience in NEVER_COVERED:
                self.contact(service, group, flow.client_conn)
                return
            seen = notice(flow, service, named)
            flow.metadata[SEEN] = seen
            flow.metadata[GROUP] = group
            if seen.tap:
                flow.request.stream = seen.tap
        except Exception:
            self._failed()

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: answers stream, counted where they are judged."""
        if flow.response is None:
            return
        if SEEN in flow.metadata:
            counter = Counter()
            flow.metadata[SIZE] = counter
            flow.response.stream = counter
        else:
            flow.response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: the answer is complete."""
        self._judge(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: there was no answer, or not all of it."""
        self._judge(flow)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: nothing said over a WebSocket is kept, not even in memory."""
        if flow.websocket:
            flow.websocket.messages.clear()

    def contact(self, service: Service, group: Group, client: Client) -> None:
        """Traffic that is not opened: judged by server name alone."""
        user = self._users.get(client.id, "")
        self._record(Use(service, Activity.CONTACT, group, user, Network.SCHOOL), self.clock.ms(time.time()), 0)

    def _judge(self, flow: http.HTTPFlow) -> None:
        seen: Seen | None = flow.metadata.pop(SEEN, None)
        if seen is None:
            return
        try:
            activity = self.settings.catalogue.activity_of(seen.service, observe(seen, flow.response))
            user = self._users.get(flow.client_conn.id, "")
            counter: Counter | None = flow.metadata.get(SIZE)
            size = (counter.size if counter else 0) + (seen.tap.size if seen.tap else 0)
            use = Use(seen.service, activity, flow.metadata[GROUP], user, Network.SCHOOL)
            self._record(use, self.clock.ms(flow.request.timestamp_start), size)
        except Exception:
            self._failed()

    def _record(self, use: Use, at: int, size: int) -> None:
        settings = self.settings
        verdict = settings.judge.judge_ms(use, at)
        subject = subject_of(self.key(at), use.user) if use.user else ""
        self.record(
            event_of(use, verdict, at, subject=subject, policy=settings.fingerprint, size=size, source="proxy")
        )

    def _failed(self) -> None:
        self.failures += 1
        logger.exception("a request was not judged, because of a mistake in Lunchbell; it went through")
