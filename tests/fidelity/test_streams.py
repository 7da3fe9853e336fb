"""Bodies stream both ways and are never kept: each part arrives before the next is sent, and memory stays flat."""

import asyncio
import ssl
from contextlib import closing

import aiohttp
import pytest
from tests.fidelity.big import MB, carry
from tests.fidelity.clients import Way
from tests.fidelity.house import OPENED, PASSED, STAFFROOM
from tests.fidelity.raw import RawClient

HOSTS = pytest.mark.parametrize("host", [OPENED, PASSED])


@HOSTS
def test_server_sent_events_arrive_one_by_one(through: Way, host: str) -> None:
    """The origin sends each event only after the client has the one before: any buffer would stop it for ever."""
    with closing(RawClient(through, host)) as client:
        client.send(f"GET /events HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert b"text/event-stream" in client.head()
        for number in range(5):
            size = int(client.file.readline(), 16)
            assert client.file.read(size + 2).strip() == b"data: %d" % number
            through.origin.seen_by_client.set()
        assert client.file.readline() == b"0\r\n"


@HOSTS
def test_the_first_half_of_an_upload_arrives_before_the_second_is_sent(through: Way, host: str) -> None:
    """The client sends the second half when the origin has the first; a pattern that reads the body changes nothing."""
    through.origin.half.clear()
    with closing(RawClient(through, host)) as client:
        client.send(
            f"POST /two-halves HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
            "content-length: 2000\r\n\r\n".encode()
            + bytes(1000)
        )
        assert through.origin.half.wait(20)
        client.send(bytes(1000))
        assert b" 200 " in client.head()


@HOSTS
def test_an_answer_before_the_upload_is_over(straight: Way, through: Way, host: str) -> None:
    """A server that refuses a large upload early is heard."""
    for way in (straight, through):
        with closing(RawClient(way, host)) as client:
            client.send(f"POST /refuse-early HTTP/1.1\r\nhost: {host}\r\ncontent-length: 2000\r\n\r\n".encode())
            assert b" 413 " in client.head()


@HOSTS
def test_a_websocket_says_the_same(straight: Way, through: Way, host: str) -> None:
    """Text, binary of some size, ping, the chosen protocol and the close code."""

    async def talk(way: Way) -> list[object]:
        trusted = ssl.create_default_context(cafile=str(way.house.bundle if way.house else way.authority))
        connector = aiohttp.TCPConnector(
            local_addr=(STAFFROOM, 0) if way.house else None, resolver=_Here(way.origin.port), ssl=trusted
        )
        proxy = f"http://127.0.0.1:{way.house.proxy_port}" if way.house else None
        url = f"https://{host}/websocket" if way.house else f"https://{host}:{way.origin.port}/websocket"
        said: list[object] = []
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(url, proxy=proxy, protocols=("chat", "other"), autoping=False) as socket,
        ):
            said.append(socket.protocol)
            await socket.send_str("grüß Gott")
            said.append((await socket.receive()).data)
            await socket.send_bytes(bytes(range(256)) * 1000)
            said.append((await socket.receive()).data)
            await socket.ping(b"are you there")
            said.append((await socket.receive())[:2])
            await socket.close(code=4401, message=b"enough")
            said.append(socket.close_code)
        return said

    there, here = asyncio.run(talk(straight)), asyncio.run(talk(through))
    assert here == there
    assert here[0] == "chat"
    assert here[-1] == 4401


class _Here(aiohttp.abc.AbstractResolver):
    def __init__(self, port: int) -> None:
        self.port = port

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        """Every name is this machine."""
        return [aiohttp.abc.ResolveResult(hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_large_body_costs_no_memory(through: Way, direction: str, version: str) -> None:
    """64 MB here; `python -m tests.fidelity --big` carries a gigabyte."""
    carried = carry(through, direction, 64, version)
    assert carried.size == 64 * MB
    assert carried.growth < 30 * MB
