"""Which connections are opened, and which pass untouched."""

import pytest
from mitmproxy import connection, tls
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from tests.proxy.making import NOBODY, PUPIL, STAFFROOM, WIFI, school

from lunchbell_proxy.noticing import Contact, Noticing
from lunchbell_proxy.observation import Seen
from lunchbell_proxy.opening import Opening


class Hello:
    """A ClientHello that names a server, or none."""

    def __init__(self, sni: str | None) -> None:
        self.sni = sni


def hello(sni: str | None, client: str = STAFFROOM, address: tuple[str, int] | None = None) -> tls.ClientHelloData:
    """The moment before a TLS connection is opened or passed through."""
    peer = connection.Client(peername=(client, 50_000), sockname=("127.0.0.1", 8080), timestamp_start=0)
    context = Context(peer, Options())
    context.server = connection.Server(address=address)
    return tls.ClientHelloData(context, Hello(sni))  # type: ignore[arg-type]


def opening(*, paused: bool = False) -> tuple[Opening, list[Seen | Contact]]:
    """The addon for the example school, and what is recorded of connections that it passes through."""
    found: list[Seen | Contact] = []
    return Opening(school(), Noticing(school(), found.append), lambda: paused), found


@pytest.mark.parametrize(
    "sni", ["www.facebook.com", "WWW.Facebook.COM", "x.com", "en.wikipedia.org", "wiki.oakfield.example"]
)
def test_catalogued_names_on_school_equipment_are_opened(sni: str) -> None:
    """Staff's, of any kind of service; nothing is recorded yet."""
    addon, found = opening()
    data = hello(sni)
    addon.tls_clienthello(data)
    assert data.ignore_connection is False
    assert (addon.opened, addon.passed, found) == (1, 0, [])


@pytest.mark.parametrize("client", [STAFFROOM, WIFI, PUPIL, NOBODY])
@pytest.mark.parametrize("sni", ["www.bank.example", "netflix.com", "notfacebook.com", "facebook.com.evil.example"])
def test_any_other_name_passes_unopened_and_unrecorded(sni: str, client: str) -> None:
    """Whoever asks; it is only counted."""
    addon, found = opening()
    data = hello(sni, client)
    addon.tls_clienthello(data)
    assert data.ignore_connection is True
    assert (addon.opened, addon.passed, found) == (0, 1, [])


@pytest.mark.parametrize(("client", "group"), [(WIFI, "staff-wifi"), (PUPIL, "pupils")])
def test_personal_devices_and_pupils_pass_unopened_as_one_contact(client: str, group: str) -> None:
    """By server name alone."""
    addon, found = opening()
    data = hello("www.facebook.com", client)
    addon.tls_clienthello(data)
    assert data.ignore_connection is True
    (contact,) = found
    assert isinstance(contact, Contact)
    assert (contact.service.id, contact.group.id, contact.user) == ("facebook", group, "")


def test_an_address_in_no_group_passes_unopened_and_unrecorded() -> None:
    """Nobody knows whose it is."""
    addon, found = opening()
    data = hello("www.facebook.com", NOBODY)
    addon.tls_clienthello(data)
    assert (data.ignore_connection, found) == (True, [])


@pytest.mark.parametrize(
    ("address", "opened"),
    [(("www.facebook.com", 443), True), (("192.0.2.1", 443), False), (("2001:db8::1", 443), False), (None, False)],
)
def test_without_a_server_name_the_tunnels_decides(address: tuple[str, int] | None, opened: bool) -> None:
    """And where that is an address, or unknown, nothing is opened."""
    addon, _ = opening()
    for sni in (None, ""):
        data = hello(sni, address=address)
        addon.tls_clienthello(data)
        assert data.ignore_connection is not opened


def test_the_server_name_counts_and_not_the_tunnels() -> None:
    """It is the one that the certificate would be for."""
    addon, _ = opening()
    data = hello("www.bank.example", address=("www.facebook.com", 443))
    addon.tls_clienthello(data)
    assert data.ignore_connection is True


def test_while_monitoring_is_paused_nothing_is_opened_and_nothing_recorded() -> None:
    """One switch stops it at once."""
    addon, found = opening(paused=True)
    for client in (STAFFROOM, WIFI):
        data = hello("www.facebook.com", client)
        addon.tls_clienthello(data)
        assert data.ignore_connection is True
    assert found == []


@pytest.mark.parametrize("sni", ["www.facebook.com", "www.bank.example"])
def test_a_mistake_of_ours_passes_the_connection_through(sni: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unopened, so that the page is seen."""
    addon, found = opening()
    monkeypatch.setattr("lunchbell_proxy.opening.host_of", lambda text: 1 / 0)
    data = hello(sni)
    addon.tls_clienthello(data)
    assert (data.ignore_connection, addon.opened, found) == (True, 0, [])


def test_a_mistake_while_recording_passes_the_connection_through() -> None:
    """A contact that cannot be noted costs nobody a page."""

    def broken(seen: Seen | Contact) -> None:
        raise RuntimeError("ours")

    addon = Opening(school(), Noticing(school(), broken), lambda: False)
    data = hello("www.facebook.com", WIFI)
    addon.tls_clienthello(data)
    assert data.ignore_connection is True


def test_a_client_without_an_address_passes_unopened() -> None:
    """Such as one on a socket of another sort."""
    addon, found = opening()
    data = hello("www.facebook.com")
    data.context.client.peername = None
    addon.tls_clienthello(data)
    assert (data.ignore_connection, found) == (True, [])
