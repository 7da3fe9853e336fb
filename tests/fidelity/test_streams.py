"""Bodies stream both ways and are never kept: each part arrives before the next is sent, and memory stays flat."""

import asyncio
import ssl
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import h2.connection  # type: ignore[import-untyped]
import h2.events  # type: ignore[import-untyped]
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


def test_an_upload_to_a_server_that_stops_reading(through: Way) -> None:
    """Over HTTP/2 the client is told to wait: 300 MB stay where they are."""
    assert through.house
    through.curl(OPENED, "/", "--http2")
    before = through.house.resident()
    with TemporaryDirectory() as folder:
        file = Path(folder, "big")
        with file.open("wb") as sparse:
            sparse.truncate(300 * MB)
        assert through.curl(OPENED, "/stalled", "--http2", "-X", "POST", "-T", str(file), "--max-time", "3").exit == 28
    assert through.house.resident() - before < 20 * MB


def test_a_download_that_a_browser_pauses(through: Way) -> None:
    """Over HTTP/2 the server is told to wait, other streams of the connection go on, and nothing is lost at the end."""
    assert through.house
    with closing(RawClient(through, OPENED, alpn="h2")) as raw:
        assert raw.socket.selected_alpn_protocol() == "h2"
        client = h2.connection.H2Connection()
        client.initiate_connection()
        client.increment_flow_control_window(2**30)
        for path in ("/big?40", "/picture"):
            stream = client.get_next_available_stream_id()
            head = [(":method", "GET"), (":scheme", "https"), (":authority", OPENED), (":path", path)]
            client.send_headers(stream, head, end_stream=True)
        before = through.house.resident()
        got = {1: 0, 3: 0}
        ended: set[int] = set()

        def receive(stream: int) -> None:
            while stream not in ended:
                raw.send(client.data_to_send())
                for event in client.receive_data(raw.socket.recv(2**16)):
                    if isinstance(event, h2.events.DataReceived):
                        got[event.stream_id] += len(event.data)
                        if 3 in ended or event.stream_id == 3:
                            client.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        ended.add(event.stream_id)

        receive(3)
        assert 0 < got[1] < MB
        time.sleep(1)  # what a server would send meanwhile, if it were not told to wait
        assert through.house.resident() - before < 20 * MB
        client.acknowledge_received_data(got[1], 1)
        receive(1)
        assert got == {1: 40 * MB, 3: 256 * 200}
