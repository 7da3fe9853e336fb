"""Host -> service, and request -> activity.

Which activity, in this order (DESIGN.md, section 1):

1. a request pattern of the service matches: its activity, unless the site refused the request;
2. the request comes from another site and is no top-level navigation: `embedded`, never the person's own use;
3. a top-level navigation that was answered with a page: `open`;
4. all else, tunnels among it: `contact`.

A redirect, an error (a filter's block page is one) or a prefetch is not a page that someone opened. Never call such
a request `open`, and never call a refused one published.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from lunchbell.policy.patterns import Observation, PatternIndex, RequestPattern
from lunchbell.policy.words import NO_USE, PUBLISHING, Activity, Evidence, Kind


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """One entry of the catalogue, or software on a host that the school's file names."""

    id: str
    name: str
    kind: Kind
    domains: tuple[str, ...]
    not_domains: tuple[str, ...] = ()
    requests: tuple[RequestPattern, ...] = ()
    publishing_unseen: frozenset[Activity] = frozenset()
    upload_publishes: bool = False
    index: PatternIndex = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", PatternIndex(self.requests))

    def evidence_of(self, activity: Activity) -> Evidence:
        """How sure an activity on this service is."""
        if activity in PUBLISHING or (activity is Activity.UPLOAD and self.upload_publishes):
            return Evidence.PUBLISHED
        return Evidence.CONTACT if activity in NO_USE else Evidence.OPENED


class Catalogue:
    """All services, by host. The longest domain wins; `x.com` never covers `netflix.com`."""

    def __init__(self, services: Iterable[Service], local: Iterable[Service] = ()) -> None:
        self.services: Mapping[str, Service] = {service.id: service for service in services}
        self.local = tuple(local)
        self._domains: dict[str, Service | None] = {}
        for service in chain(self.services.values(), self.local):
            self._domains.update(dict.fromkeys(service.domains, service))
            self._domains.update(dict.fromkeys(service.not_domains, None))

    @property
    def domains(self) -> Mapping[str, Service | None]:
        """Every catalogued domain; None marks a host below one that is not the service."""
        return self._domains

    def kinds(self) -> Mapping[str, Kind]:
        """Service id -> kind, software on local hosts included."""
        return {service.id: service.kind for service in (*self.local, *self.services.values())}

    def service_of(self, host: str) -> Service | None:
        """The service of a host in `hosts.host_of`'s form, or None if it is no social media."""
        domains = self._domains
        while host:
            if host in domains:
                return domains[host]
            host = host.partition(".")[2]
        return None

    def activity_of(self, service: Service, seen: Observation) -> Activity:
        """What a request to `service` did, by the order above."""
        pattern = service.index.match(seen)
        if pattern:
            return Activity.CONTACT if seen.status >= 400 else pattern.activity
        if seen.method == "CONNECT":
            return Activity.CONTACT
        navigation = seen.dest == "document"
        if not navigation and self._from_another_site(service, seen):
            return Activity.EMBEDDED
        page = navigation or (not seen.dest and seen.method == "GET" and seen.html)
        answered = seen.status < 300 or seen.status == 304
        return Activity.OPEN if page and answered and not seen.prefetch else Activity.CONTACT

    def _from_another_site(self, service: Service, seen: Observation) -> bool:
        if seen.site and seen.site != "cross-site":
            return False
        if not seen.origin:
            return bool(seen.site)
        theirs = self.service_of(seen.origin)
        return theirs is None or theirs.id != service.id
