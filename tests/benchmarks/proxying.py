"""Requests through the proxy: bare mitmproxy, ours opening everything, ours as configured, and squid as a plain tunnel.

    python -m tests.benchmarks.proxying [--rounds 5] [--connections 200] [--requests 20]

Every contender gets the same connections in every round, in turn; bare mitmproxy twice, as the control. A connection
makes a tunnel, TLS, and some requests kept alive. As configured, 7 connections in 100 go to catalogued hosts, as in the
log of a school. CPU is that of the proxy's process alone; the client and the origin share the machine.
"""

import argparse
import asyncio
import os
import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from tests.fidelity.certificates import Authority
from tests.fidelity.house import STAFFROOM, House

from lunchbell.demo.processes import Processes, free_ports

CATALOGUED, OTHER = "www.facebook.com", "www.news.example"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2048\r\n\r\n" + b"x" * 2048
REQUEST = (
    b"GET /picture HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Dest: image\r\nSec-Fetch-Site: same-origin\r\nAccept: */*\r\n\r\n"
)
AT_ONCE = 8
ROOT = Path(__file__).resolve().parents[2]
BARE = """
class OneOrigin:
    def server_connect(self, data):
        data.server.address = ("127.0.0.1", {port})
    def requestheaders(self, flow):
        flow.request.stream = True
    def responseheaders(self, flow):
        flow.response.stream = True
addons = [OneOrigin()]
"""


@dataclass
class Contender:
    """A proxy under test; `social` is how many of 100 connections go to catalogued hosts."""

    name: str
    port: int
    pid: int
    social: int
    tunnel: str = ""
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def go(self, connections: int, requests: int, context: ssl.SSLContext) -> None:
        """One round."""
        gate = asyncio.Semaphore(AT_ONCE)
        waits: list[float] = []

        async def one(number: int) -> None:
            host = CATALOGUED if number * 37 % 100 < self.social else OTHER
            async with gate:
                waits.extend(await _connection(self.port, self.tunnel or f"{host}:443", host, requests, context))

        before, began = _cpu_seconds(self.pid), time.perf_counter()
        await asyncio.gather(*(one(n) for n in range(connections)))
        taken = time.perf_counter() - began
        done = connections * requests
        self.rates.append(done / taken)
        self.cpu.append((_cpu_seconds(self.pid) - before) / done * 1000)
        self.waits += waits


async def _connection(port: int, tunnel: str, host: str, requests: int, context: ssl.SSLContext) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(STAFFROOM, 0))
    try:
        writer.write(f"CONNECT {tunnel} HTTP/1.1\r\nHost: {tunnel}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(f"no tunnel: {head[:80]!r}")
        await writer.start_tls(context, server_hostname=host)
        waits = []
        for _ in range(requests):
            began = time.perf_counter()
            writer.write(REQUEST % host.encode())
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2048)
            waits.append((time.perf_counter() - began) * 1000)
        return waits
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve_origin(port: int, certificate: str) -> None:
    """Answer every request alike, over TLS and HTTP/1.1, until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", port, ssl=context)
        await server.serve_forever()

    asyncio.run(serve())


def squid_config(folder: Path, port: int) -> str:
    """Squid as a tunnel, nothing else."""
    return f"""http_port 127.0.0.1:{port}
pid_filename {folder}/squid.pid
cache deny all
cache_log {folder}/cache.log
access_log none
acl ours src 127.0.0.0/8
http_access allow ours
shutdown_lifetime 1 seconds
"""


def contenders(folder: Path, processes: Processes, house: House, origin: int, authority: Authority) -> list[Contender]:
    """Every proxy; the house's is running, the others are started."""
    bare, again = free_ports(2)
    script = folder / "bare.py"
    script.write_text(BARE.format(port=origin))
    found = []
    for name, port in (("bare mitmproxy", bare), ("the same again", again)):
        options = ["-q", "-s", str(script), "--listen-host", "127.0.0.1", "--set", f"confdir={folder / 'bare'}"]
        trust = ["--set", f"ssl_verify_upstream_trusted_ca={authority.file}", "-p", str(port)]
        processes.start(
            name.replace(" ", "-"), [str(Path(sys.executable).with_name("mitmdump")), *options, *trust], port
        )
        found.append(Contender(name, port, processes.pid(name.replace(" ", "-")), 100))
    pid = house.processes.pid("proxy")
    found.append(Contender("ours, opening everything", house.proxy_port, pid, 100))
    found.append(Contender("ours, as configured", house.proxy_port, pid, 7))
    if squid := shutil.which("squid"):
        (port,) = free_ports(1)
        (folder / "squid.conf").write_text(squid_config(folder, port))
        folder.chmod(0o777)  # squid leaves root behind
        processes.start("squid", [squid, "-N", "-f", str(folder / "squid.conf")], port)
        found.append(Contender("squid, a plain tunnel", port, processes.pid("squid"), 7, f"127.0.0.1:{origin}"))
    return found


async def run(found: Sequence[Contender], rounds: int, connections: int, requests: int) -> None:
    """Every contender once a round, in turn."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for number in range(rounds + 1):
        for contender in found if number % 2 else reversed(found):
            await contender.go(connections, requests, context)
            if number == 0:  # the first round warms up
                contender.rates, contender.cpu, contender.waits = [], [], []


def show(found: Sequence[Contender]) -> None:
    """Print the table; ratios are against bare mitmproxy."""
    first = found[0]
    print(f"{'':<28} {'requests/s':>11} {'x':>6} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms/request':>15} {'x':>6}")
    for c in found:
        waits = quantiles(c.waits, n=100)
        print(
            f"{c.name:<28} {median(c.rates):11.0f} {median(c.rates) / median(first.rates):6.2f} {waits[49]:8.2f} "
            f"{waits[98]:8.2f} {median(c.cpu):15.3f} {median(c.cpu) / median(first.cpu):6.2f}"
        )


def main() -> None:
    """Start everything, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lunchbell-bench-"))
    with Processes(folder) as processes:
        try:
            authority = Authority(folder / "authority")
            (origin,) = free_ports(1)
            path = f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
            code = f"import tests.benchmarks.proxying as b; b.serve_origin({origin}, {str(authority.server)!r})"
            processes.start("origin", [sys.executable, "-c", path + code], origin)
            house = House(folder / "house", origin, authority.file)
            try:
                found = contenders(folder, processes, house, origin, authority)
                asyncio.run(run(found, options.rounds, options.connections, options.requests))
            finally:
                house.processes.stop()
            show(found)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
