"""A browser: HTTP/2, a WebSocket and server-sent events say the same through the proxy as straight."""

from os import environ

import pytest
from tests.fidelity.clients import CHROMIUM, Way, chromium
from tests.fidelity.house import OPENED, PASSED, until

pytestmark = pytest.mark.skipif(not (CHROMIUM or environ.get("CI")), reason="chromium is not installed")

SAID = "h2 grüß Gott 0.1.255 4401 true 0 1 2 3 4"


def visit(way: Way, host: str) -> str:
    """What the page says that it saw."""
    origin = way.origin
    origin.reports.clear()
    origin.reported.clear()
    with chromium(way, f"https://{host}/browser"):
        assert origin.reported.wait(60), "the page never got to its end"
    return origin.reports[0]


def test_straight(straight: Way) -> None:
    """What there is to expect."""
    assert visit(straight, OPENED) == SAID


@pytest.mark.parametrize("host", [OPENED, PASSED])
def test_through_the_proxy(through: Way, host: str) -> None:
    """The same; where it was opened, what the browser did is in the store."""
    house = through.house
    assert house
    house.settled()
    opened = house.metric("connections_opened")
    before = house.counted("service = 'facebook'")
    assert visit(through, host) == SAID
    house.settled()
    assert {request.protocol for request in through.origin.to("/browser")} == {"h2"}
    assert (house.metric("connections_opened") > opened) == (host == OPENED)
    if host == OPENED:
        until(lambda: house.counted("service = 'facebook'") > before, "the page is in the store")
    else:
        assert house.counted("service = 'facebook'") == before
    assert house.metric("mistakes") == 0
