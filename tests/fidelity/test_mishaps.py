"""Servers that fail, and clients that trust nobody else: the person sees the same, and the proxy lives on."""

import ssl
from contextlib import closing

import pytest
from tests.fidelity.big import MB
from tests.fidelity.clients import Way
from tests.fidelity.house import OPENED, PASSED, House, until
from tests.fidelity.origin import ENDLESS
from tests.fidelity.raw import RawClient

ORIGINS = "The origin's authority"


@pytest.fixture
def counted(house: House) -> House:
    """The house, with everything that went before in its store."""
    house.settled()
    return house


@pytest.mark.parametrize("path", ["/reset", "/not-http", "/bad-length", "/empty"])
def test_an_answer_that_never_came_is_a_contact(through: Way, counted: House, path: str) -> None:
    """Nothing was opened, although a page was asked for."""
    contacts, opened = (counted.counted(f"service = 'facebook' AND activity = '{a}'") for a in ("contact", "open"))
    through.curl(OPENED, path, "--http1.1", "-H", "sec-fetch-dest: document")
    counted.settled()
    assert counted.counted("service = 'facebook' AND activity = 'contact'") == contacts + 1
    assert counted.counted("service = 'facebook' AND activity = 'open'") == opened
    assert counted.healthy()


@pytest.mark.parametrize("path", sorted(ENDLESS))
def test_a_hostile_site_that_never_ends(through: Way, house: House, path: str) -> None:
    """Headers, trailers and the like without end: refused after a while, and little is held meanwhile."""
    through.curl(OPENED, "/", "--http1.1")
    before = house.resident()
    done = through.curl(OPENED, path, "--http1.1", "--max-time", "20")
    assert done.exit != 0 or done.status == 502
    assert house.resident() - before < 30 * MB
    until(lambda: house.healthy(), "the proxy is well")
    if path != "/endless-hints":
        assert through.origin.poured < 30 * MB


@pytest.mark.parametrize("host", [OPENED, PASSED])
def test_a_server_that_refuses_connections(straight: Way, through: Way, house: House, host: str) -> None:
    """Both times an error, and the next request goes through."""
    through.origin.shut()
    try:
        assert straight.curl(host, "/").exit != 0
        assert through.curl(host, "/").exit != 0
    finally:
        through.origin.open()
    assert through.curl(host, "/").status == 200
    assert house.healthy()


def test_a_person_who_does_not_wait(through: Way, counted: House) -> None:
    """An answer that never comes, given up by the client: a contact, and no flow is left."""
    before = counted.counted("activity = 'contact'")
    assert through.curl(OPENED, "/never", "--max-time", "1").exit == 28
    counted.settled()
    assert counted.counted("activity = 'contact'") == before + 1


def test_a_pinned_app(through: Way, counted: House) -> None:
    """It refuses our certificate once; from then on it is passed through, judged by server name as one contact."""
    refused, before = counted.metric("certificate_refused"), counted.counted("service = 'x'")
    own = str(through.authority)
    with pytest.raises(ssl.SSLError):
        RawClient(through, "pinned.x.com", trust=own)
    with closing(RawClient(through, "pinned.x.com", trust=own)) as app:
        assert app.issuer == ORIGINS
        assert app.get("/").startswith(b"GET")
    counted.settled()
    assert counted.metric("certificate_refused") == refused + 1
    assert counted.counted("service = 'x'") == before + 1
    assert counted.ask("SELECT DISTINCT activity FROM usage WHERE service = 'x'") == [("contact",)]


def test_a_pinned_app_is_remembered_by_client_and_host(through: Way) -> None:
    """Its device's other connections, and other devices, are opened as before."""
    own = str(through.authority)
    with pytest.raises(ssl.SSLError):
        RawClient(through, "app.x.com", trust=own)
    for host, client in (("app.x.com", "127.40.1.18"), ("other.x.com", "127.40.1.17")):
        with closing(RawClient(through, host, client=client)) as other:
            assert other.issuer == "mitmproxy"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_site_that_asks_for_a_client_certificate(straight: Way, through: Way, version: str) -> None:
    """Only the client can show it. Unopened hosts are as without us; an opened one is so from the second try on."""
    certificate = ("--cert", str(through.authority.with_name("client.pem")), "--tls-max", version)
    passed = through.curl("members.news.example", "/", *certificate)
    assert passed.status == 200
    assert passed.same() == straight.curl("members.news.example", "/", *certificate).same()
    for way in (straight, through):
        assert way.curl("members.news.example", "/", "--tls-max", version).exit != 0
    client = f"127.40.1.{40 + int(version[-1])}"
    assert through.curl("members.x.com", "/", *certificate, client=client).status == 502
    assert through.curl("members.x.com", "/", *certificate, client=client).status == 200
    assert through.curl("members.x.com", "/", "--tls-max", version, client=client).exit != 0


def test_a_server_whose_handshake_fails(straight: Way, through: Way) -> None:
    """The first error is a page of the proxy's, the second the browser's own, as without us."""
    assert through.curl("broken.x.com", "/").status == 502
    assert through.curl("broken.x.com", "/").same() == straight.curl("broken.x.com", "/").same()
