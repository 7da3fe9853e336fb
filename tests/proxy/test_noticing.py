"""What the hooks notice of requests, and that they never get in their way."""

import gc
import logging

import pytest
from mitmproxy import http
from mitmproxy.websocket import WebSocketData, WebSocketMessage
from tests.proxy.making import FORM, NOBODY, PUPIL, STAFFROOM, WIFI, answer, flow_of, noticed, play, school
from wsproto.frame_protocol import Opcode

from lunchbell_proxy.bodies import BodyTap
from lunchbell_proxy.noticing import Contact, Noticing, opens
from lunchbell_proxy.observation import Seen

FACEBOOK = "https://www.facebook.com"
BANK = "https://www.bank.example"


def noticing() -> tuple[Noticing, list[Seen | Contact]]:
    """The hooks for the example school, and what they record."""
    found: list[Seen | Contact] = []
    return Noticing(school(), found.append), found


@pytest.mark.parametrize("client", [STAFFROOM, WIFI, PUPIL, NOBODY])
@pytest.mark.parametrize(
    "host", ["www.bank.example", "netflix.com", "notfacebook.com", "www.google.com", "[2001:db8::1]", ""]
)
def test_what_is_not_catalogued_leaves_no_trace(host: str, client: str) -> None:
    """Whoever asks: nothing recorded, nothing left on the flow."""
    flow = flow_of(f"https://{host}/login", "POST", {"Content-Type": FORM}, client=client)
    assert noticed(flow, [b"password=1"]) == []
    assert flow.metadata == {}


def test_school_equipment_of_staff_is_noticed() -> None:
    """With service, group, host, instant, user and the size of both bodies."""
    hooks, found = noticing()
    flow = flow_of(f"{FACEBOOK}/api/graphql/", "POST", {"Content-Type": FORM}, user="OAKFIELD\\J.Okafor", at=1234.5)
    play(hooks, flow, [b"a=1&", b"b=2"], answer(), [b"x" * 1000, b"y" * 24])
    (seen,) = found
    assert isinstance(seen, Seen)
    assert (seen.service.id, seen.group.id, seen.host, seen.user) == (
        "facebook",
        "staffroom",
        "www.facebook.com",
        "j.okafor",
    )
    assert (seen.at, seen.status, seen.size) == (1234.5, 200, 1024)
    assert seen.tap
    assert seen.tap.size == 7


@pytest.mark.parametrize(("client", "group"), [(WIFI, "staff-wifi"), (PUPIL, "pupils")])
def test_personal_devices_and_pupils_are_contacts_only(client: str, group: str) -> None:
    """Also where they speak plain HTTP, which could be read: neither path nor body is looked at."""
    hooks, found = noticing()
    flow = flow_of("http://www.facebook.com/secret", "POST", {"Content-Type": FORM}, client=client)
    assert play(hooks, flow, [b"a=1"], answer()) == b"a=1"
    (contact,) = found
    assert isinstance(contact, Contact)
    assert (contact.service.id, contact.group.id) == ("facebook", group)
    assert flow.request.stream is True
    assert flow.metadata == {}


def test_an_address_in_no_group_is_not_recorded() -> None:
    """Nobody knows whose it is."""
    assert noticed(flow_of(f"{FACEBOOK}/", client=NOBODY)) == []


@pytest.mark.parametrize("client", ["10.40.1.17", "::ffff:10.40.1.17", "fd40:1::17", "fd40:1::17%eth0"])
def test_the_group_is_the_addresss(client: str) -> None:
    """In every form in which a socket names it."""
    (seen,) = noticed(flow_of(f"{FACEBOOK}/", client=client))
    assert seen.group.id == "staffroom"


def test_opens_is_for_covered_people_on_school_equipment() -> None:
    """Of the example's groups these three."""
    assert {g.id for g in school().groups.values() if opens(g)} == {"staffroom", "classrooms", "office"}


# --- Streams


@pytest.mark.parametrize("url", [f"{BANK}/", f"{FACEBOOK}/", f"{FACEBOOK}/api/graphql/"])
@pytest.mark.parametrize("client", [STAFFROOM, WIFI, NOBODY])
def test_every_request_and_every_answer_streams(url: str, client: str) -> None:
    """No body is ever collected, whatever it is."""
    hooks, _ = noticing()
    flow = flow_of(url, "POST", {"Content-Type": FORM}, client=client)
    hooks.requestheaders(flow)
    assert flow.request.stream
    flow.response = answer()
    hooks.responseheaders(flow)
    assert flow.response.stream


@pytest.mark.parametrize(
    ("url", "method", "tapped"),
    [
        (f"{FACEBOOK}/api/graphql/", "POST", True),
        (f"{FACEBOOK}/api/graphql", "POST", True),
        (f"{FACEBOOK}/api/graphql/", "GET", False),
        (f"{FACEBOOK}/ajax/updatestatus.php", "POST", False),
        (f"{FACEBOOK}/photo.jpg", "POST", False),
        ("https://en.wikipedia.org/w/index.php?title=Owl&action=submit", "POST", True),
        (f"{BANK}/api/graphql/", "POST", False),
    ],
)
def test_only_a_body_that_a_pattern_asks_for_is_tapped(url: str, method: str, tapped: bool) -> None:
    """All others stream past untouched."""
    hooks, _ = noticing()
    flow = flow_of(url, method, {"Content-Type": FORM})
    hooks.requestheaders(flow)
    assert isinstance(flow.request.stream, BodyTap) is tapped
    assert tapped or flow.request.stream is True


def test_bodies_pass_unchanged_both_ways() -> None:
    """Past the tap and past the counter."""
    hooks, _ = noticing()
    body = [bytes(range(256)) * 300, b"", b"fb_api_req_friendly_name=x&"] * 3
    flow = flow_of(f"{FACEBOOK}/api/graphql/", "POST", {"Content-Type": FORM})
    assert play(hooks, flow, body, answer(), [b"one", b"two"]) == b"".join(body) + b"onetwo"


# --- Nothing is kept


def test_nothing_of_a_request_stays_on_its_flow() -> None:
    """After the answer the flow holds nothing of ours."""
    hooks, found = noticing()
    flow = flow_of(f"{FACEBOOK}/api/graphql/", "POST", {"Content-Type": FORM}, user="j.okafor")
    play(hooks, flow, [b"a=1"], answer())
    assert found
    assert not any(key.startswith("lunchbell") for key in flow.metadata)


def test_nor_on_one_that_failed() -> None:
    """It is recorded once, as it broke off."""
    hooks, found = noticing()
    flow = flow_of(f"{FACEBOOK}/", "GET")
    play(hooks, flow)
    hooks.error(flow)
    assert len(found) == 1
    assert flow.metadata == {}


def test_the_hooks_hold_no_request() -> None:
    """Once it was recorded and dropped, nothing of it is in memory."""
    hooks, found = noticing()
    for _ in range(50):
        flow = flow_of(f"{FACEBOOK}/api/graphql/", "POST", {"Content-Type": FORM}, user="j.okafor")
        play(hooks, flow, [b"a=1"], answer())
        hooks.client_disconnected(flow.client_conn)
    found.clear()
    del flow
    gc.collect()
    left = [type(o).__name__ for o in gc.get_objects() if isinstance(o, Seen | BodyTap | http.HTTPFlow)]
    assert left == []


def test_a_user_is_forgotten_with_the_connection() -> None:
    """The next one from the same address is somebody else until told."""
    hooks, found = noticing()
    first = flow_of(f"{FACEBOOK}/", user="j.okafor")
    play(hooks, first, response=answer())
    later = flow_of(f"{FACEBOOK}/")
    later.client_conn = first.client_conn
    play(hooks, later, response=answer())
    hooks.client_disconnected(first.client_conn)
    hooks.client_disconnected(first.client_conn)
    afterwards = flow_of(f"{FACEBOOK}/")
    afterwards.client_conn = first.client_conn
    play(hooks, afterwards, response=answer())
    assert [seen.user for seen in found] == ["j.okafor", "j.okafor", ""]


def test_who_asked_for_a_tunnel_is_known_for_what_is_not_opened() -> None:
    """The CONNECT carries the name; the contact comes later."""
    hooks, found = noticing()
    tunnel = flow_of(f"{FACEBOOK}/", "CONNECT", client=WIFI, user="j.okafor@oakfield.example")
    hooks.http_connect(tunnel)
    group = school().groups["staff-wifi"]
    service = school().catalogue.service_of("www.facebook.com")
    assert service
    hooks.contact(service, group, tunnel.client_conn)
    assert [seen.user for seen in found] == ["j.okafor"]


def test_websocket_messages_are_dropped() -> None:
    """What people say there is not kept, not even in memory."""
    hooks, found = noticing()
    flow = flow_of("https://edge-chat.facebook.com/chat")
    flow.websocket = WebSocketData([WebSocketMessage(Opcode.TEXT, True, b"hello")])
    hooks.websocket_message(flow)
    assert flow.websocket.messages == []
    assert found == []
    hooks.websocket_message(flow_of(f"{FACEBOOK}/"))


# --- Our own mistakes


def broken(*_: object) -> None:
    """A mistake of ours."""
    raise RuntimeError("ours")


@pytest.mark.parametrize("url", [f"{FACEBOOK}/api/graphql/", f"{BANK}/"])
def test_a_mistake_before_the_body_is_counted_and_the_request_goes_on(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Streaming, unharmed, with one line in the log that names no host."""
    hooks, found = noticing()
    hooks._know_user = broken  # type: ignore[method-assign]
    hooks._find = broken  # type: ignore[assignment]
    flow = flow_of(url, "POST", {"Content-Type": FORM})
    with caplog.at_level(logging.ERROR):
        assert play(hooks, flow, [b"a=1"], answer(), [b"fine"]) == b"a=1fine"
    assert (hooks.failures, found, len(caplog.records)) == (1, [], 1)
    assert "facebook" not in caplog.records[0].getMessage()


def test_a_mistake_after_the_answer_is_counted_and_the_answer_goes_on() -> None:
    """Nothing of it stays on the flow either."""
    hooks = Noticing(school(), broken)
    flow = flow_of(f"{FACEBOOK}/")
    assert play(hooks, flow, response=answer(), answered=[b"fine"]) == b"fine"
    assert hooks.failures == 1
    assert flow.metadata == {}


@pytest.mark.parametrize("peer", [None, (), ("not an address", 1)])
def test_a_client_without_an_address_is_let_through(peer: object) -> None:
    """Such as one on a socket of another sort."""
    hooks, found = noticing()
    flow = flow_of(f"{FACEBOOK}/", "POST")
    flow.client_conn.peername = peer  # type: ignore[assignment]
    assert play(hooks, flow, [b"a=1"], answer(), [b"fine"]) == b"a=1fine"
    assert found == []
