"""deploy/INSTALL.md does what it says: every `sh` block runs, in order, under a folder of its own.

Of the `sh root` blocks only the syntax is checked. Where one calls systemctl, the units' own commands are started,
reloaded and ended here as plain processes, with the environment that systemd would give them.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
INSTALL = DEPLOY / "INSTALL.md"
UNITS = ("lunchbell-analyser", "lunchbell-proxy")
PLACES = ("/opt/lunchbell", "/etc/lunchbell", "/var/lib/lunchbell")


class Block(NamedTuple):
    """A fenced block of the document, and the line it begins at."""

    info: str
    text: str
    line: int


def blocks_of(text: str) -> list[Block]:
    """Every fenced block, in order."""
    found = re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(m[1].strip(), m[2], text.count("\n", 0, m.start()) + 1) for m in found]


BLOCKS = blocks_of(INSTALL.read_text())
HERE = [block for block in BLOCKS if block.info == "sh"]
AS_ROOT = [block for block in BLOCKS if block.info == "sh root"]


class Unit(RawConfigParser):
    """A unit file; of a key that stands several times, the values are joined."""

    def __init__(self, file: Path) -> None:
        super().__init__(strict=False, delimiters="=", comment_prefixes="#", interpolation=None)
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.read_string(file.read_text())

    def service(self, key: str) -> str:
        """A value of [Service]."""
        return self["Service"].get(key, "")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Filter(BaseHTTPRequestHandler):
    """The school's filter, as far as a plain request goes: it answers for every site."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@dataclass
class Service:
    """A unit's command as a plain process."""

    process: subprocess.Popen[bytes]
    notify: socket.socket | None
    log: Path
    messages: list[bytes] = field(default_factory=list)

    def listen(self, seconds: float) -> None:
        """Take what it tells systemd, for so long."""
        assert self.notify
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.notify.settimeout(left)
            try:
                self.messages.append(self.notify.recv(200))
            except TimeoutError:
                return

    def ready(self) -> None:
        """Wait for READY=1, as `systemctl start` does."""
        end = time.monotonic() + 60
        while self.notify and b"READY=1" not in self.messages:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            self.listen(0.2)


class Machine:
    """What the document makes of an empty folder."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self.outputs: dict[int, str] = {}
        self.ended: list[tuple[str, int]] = []
        self.messages: list[bytes] = []
        self.reloaded = ""
        self.modes: dict[str, int] = {}
        self.backup_tokens: list[str] = []
        self.left: list[Path] = []
        self._running: dict[str, Service] = {}
        self._filter = ThreadingHTTPServer(("127.0.0.1", 0), Filter)
        self.asked: list[str] = []
        self._filter.asked = self.asked  # type: ignore[attr-defined]
        Thread(target=self._filter.serve_forever, daemon=True).start()
        local = {name: f"127.0.0.1:{free_port()}" for name in ("PROXY", "ANALYSER", "METRICS")}
        values = local | {
            "PREFIX": str(prefix),
            "PYTHON": sys.executable,
            "FILTER": f"http://127.0.0.1:{self._filter.server_address[1]}",
        }
        self.values = HERE[0].text
        for name, value in values.items():
            self.values, count = re.subn(rf"^{name}=.*$", f"{name}={value}", self.values, flags=re.MULTILINE)
            assert count == 1, f"step 1 does not give {name} its value once"
        ours = ("LUNCHBELL_", "PYTHON", "VIRTUAL_ENV", "COV_", "NOTIFY_", "WATCHDOG_")
        proxies = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ours) and name.lower() not in proxies
        } | {"PIP_NO_COMPILE": "1"}

    def run(self, block: Block) -> None:
        """Run a block with the values of step 1 before it; the test fails with all it said if a line fails."""
        done = subprocess.run(
            ["sh", "-eu"], input=f"{self.values}\n{block.text}", cwd=ROOT, env=self.environment,
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        said = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"INSTALL.md, line {block.line}: exit status {done.returncode}\n{said}"
        self.outputs[block.line] = done.stdout

    def play(self, block: Block) -> None:
        """Do what a block asks of systemctl."""
        for line in block.text.splitlines():
            words = [word for word in shlex.split(line) if not word.startswith("-")]
            if not words or words[0] != "systemctl":
                continue
            for name in words[2:]:
                assert name in UNITS, line
                if words[1] in ("stop", "restart", "disable"):
                    self._stop(name)
                if words[1] in ("start", "restart", "enable"):
                    self._start(name)
                if words[1] == "reload":
                    self._reload(name)

    def unit(self, name: str) -> Unit:
        """A unit as it was installed."""
        return Unit(self.prefix / "etc/systemd/system" / f"{name}.service")

    def under(self, text: str) -> str:
        """The places of a unit, under our folder."""
        for place in PLACES:
            text = text.replace(place, f"{self.prefix}{place}")
        return text

    def _start(self, name: str) -> None:
        unit = self.unit(name)
        environment = dict(part.split("=", 1) for part in unit.service("Environment").split())
        notify = None
        if unit.service("Type") == "notify":
            address = self.prefix / f"{name}.notify"
            address.unlink(missing_ok=True)
            notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            notify.bind(str(address))
            environment |= {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "1000000"}
        log = self.prefix / f"{name}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                shlex.split(self.under(unit.service("ExecStart"))), cwd="/", env=self.environment | environment,
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, umask=0o077,
            )  # fmt: skip
        self._running[name] = Service(process, notify, log)
        self._running[name].ready()

    def _stop(self, name: str) -> None:
        service = self._running.pop(name)
        if service.notify:
            service.listen(1.2)
            self.messages = service.messages
            service.notify.close()
        service.process.send_signal(signal.SIGTERM)
        self.ended.append((name, service.process.wait(timeout=30)))

    def _reload(self, name: str) -> None:
        command = self.unit(name).service("ExecReload")
        service = self._running[name]
        subprocess.run(["sh", "-c", command], env={"MAINPID": str(service.process.pid)}, check=True)
        end = time.monotonic() + 20
        while "the settings" not in self.reloaded:
            assert time.monotonic() < end, self.reloaded
            time.sleep(0.1)
            self.reloaded = service.log.read_text()

    def look(self) -> None:
        """What there is to see just before everything is taken away."""
        state = self.prefix / "var/lib/lunchbell-proxy"
        for file in (state / "token", state / "ca/mitmproxy-ca.pem", state / "ca/mitmproxy-ca.p12"):
            self.modes[file.name] = file.stat().st_mode & 0o777
        (copy,) = (self.prefix / "var/backups/lunchbell").glob("*.db")
        self.backup_tokens = [name for (name,) in sqlite3.connect(copy).execute("SELECT name FROM tokens")]

    def close(self) -> None:
        """End what a failed test left running."""
        for service in self._running.values():
            service.process.kill()
            service.process.wait()
        self._filter.shutdown()
        self._filter.server_close()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The whole document, from an empty folder to a folder without Lunchbell."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    try:
        for block in BLOCKS:
            if "rm -rf" in block.text:
                machine.look()
            if block.info == "sh":
                machine.run(block)
            elif block.info == "sh root":
                machine.play(block)
        ours = re.compile(r"(\.log|\.notify)$")
        machine.left = [f for f in machine.prefix.rglob("*") if not f.is_dir() and not ours.search(f.name)]
        yield machine
    finally:
        machine.close()
        shutil.rmtree(machine.prefix, ignore_errors=True)


@pytest.mark.wheel
def test_every_block_runs(machine: Machine) -> None:
    """All `sh` blocks ran; the proxy was well, counted, and fetched a page by way of the filter."""
    assert set(machine.outputs) == {block.line for block in HERE}
    said = "\n".join(machine.outputs.values())
    assert '{"status": "ok"}' in said
    assert "lunchbell_proxy_outbox_waiting" in said
    assert "It can be used." in said
    assert "http://www.example.com/" in machine.asked


@pytest.mark.wheel
def test_a_block_sees_what_an_earlier_block_made(machine: Machine) -> None:
    """The token was accepted: nothing waits in the outbox, and the backup of the store knows the token."""
    assert machine.backup_tokens == ["proxy-1"]
    waiting = re.findall(r"^lunchbell_proxy_analyser_errors_total (\S+)$", "\n".join(machine.outputs.values()), re.M)
    assert waiting == ["0.0"]


@pytest.mark.wheel
def test_the_proxy_tells_the_watchdog(machine: Machine) -> None:
    """READY=1 once and first, then WATCHDOG=1 at half the interval that the unit asks for."""
    assert machine.messages[0] == b"READY=1"
    assert set(machine.messages[1:]) == {b"WATCHDOG=1"}
    assert len(machine.messages) >= 3


@pytest.mark.wheel
def test_a_reload_is_taken_over(machine: Machine) -> None:
    """The unit's ExecReload changes the settings, and the log says so without a restart."""
    assert "the settings are now waterville-2022@" in machine.reloaded
    assert "not changed" not in machine.reloaded


@pytest.mark.wheel
def test_sigterm_ends_both_in_order(machine: Machine) -> None:
    """Exit status 0 each time, within the unit's TimeoutStopSec."""
    assert {name for name, _ in machine.ended} == set(UNITS)
    assert {status for _, status in machine.ended} == {0}


@pytest.mark.wheel
def test_secrets_are_their_owners_alone(machine: Machine) -> None:
    """The token and both files with the authority's key have mode 600."""
    assert machine.modes == {"token": 0o600, "mitmproxy-ca.pem": 0o600, "mitmproxy-ca.p12": 0o600}


@pytest.mark.wheel
def test_nothing_is_left_behind(machine: Machine) -> None:
    """After the last step no file of Lunchbell's is there."""
    assert machine.left == []


def test_the_document_has_both_sorts_of_blocks() -> None:
    """The document was read, and each of its shell blocks is of a sort that is tested."""
    assert len(HERE) > 8
    assert len(AS_ROOT) > 4
    assert {block.info for block in BLOCKS} <= {"sh", "sh root", "toml", ""}


@pytest.mark.parametrize("block", AS_ROOT, ids=lambda block: f"line{block.line}")
def test_a_root_block_is_proper_shell(block: Block) -> None:
    """`sh -n` finds nothing wrong with it."""
    subprocess.run(["sh", "-n"], input=block.text, text=True, check=True)


@pytest.mark.parametrize("file", [INSTALL, DEPLOY / "browsers" / "README.md"], ids=lambda file: file.parent.name)
def test_links_lead_somewhere(file: Path) -> None:
    """Each file that a document links to is there."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", file.read_text())
    assert links
    assert [link for link in links if not (file.parent / link).exists()] == []


# --- The units


@pytest.fixture
def here(tmp_path: Path) -> list[Path]:
    """The units with a program that exists, since systemd looks for it."""
    folder = tmp_path / "opt/lunchbell/bin"
    folder.mkdir(parents=True)
    (folder / "lunchbell").symlink_to("/bin/true")
    made = []
    for name in UNITS:
        text = (DEPLOY / "systemd" / f"{name}.service").read_text()
        made.append(tmp_path / f"{name}.service")
        made[-1].write_text(text.replace("/opt/lunchbell", f"{tmp_path}/opt/lunchbell"))
    return made


systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@systemd
def test_systemd_understands_the_units(here: list[Path]) -> None:
    """`systemd-analyze verify` has nothing to say."""
    done = subprocess.run(["systemd-analyze", "verify", *here], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@systemd
def test_the_units_are_hardened(here: list[Path]) -> None:
    """`systemd-analyze security` rates both below 1.5, where 10 is unprotected."""
    for unit in here:
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=15"]
        done = subprocess.run([*command, unit], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-300:]


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_again_whatever_ends_it(name: str) -> None:
    """Always, without a limit, as a user of its own that can gain nothing."""
    unit = Unit(DEPLOY / "systemd" / f"{name}.service")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit.service("Restart") == "always"
    assert unit.service("User") == unit.service("StateDirectory") == name
    assert unit.service("CapabilityBoundingSet") == ""
    assert unit.service("NoNewPrivileges") == "yes"


def test_the_proxy_may_make_code_at_run_time() -> None:
    """Under MemoryDenyWriteExecute no opened page loads (seen with on_systemd.sh); the analyser does not need it."""
    memory = {name: Unit(DEPLOY / "systemd" / f"{name}.service").service("MemoryDenyWriteExecute") for name in UNITS}
    assert memory == {"lunchbell-analyser": "yes", "lunchbell-proxy": "no"}


# --- The browsers' policies


def test_chrome_never_goes_around_the_filter() -> None:
    """A PAC file by policy, and no direct way when it cannot be fetched."""
    policy = json.loads((DEPLOY / "browsers" / "chrome.json").read_text())
    assert policy["ProxySettings"]["ProxyMode"] == "pac_script"
    assert policy["ProxySettings"]["ProxyPacMandatory"] is True


def test_firefox_never_goes_around_the_filter() -> None:
    """A PAC file that cannot be changed, and no direct way when a proxy fails."""
    policy = json.loads((DEPLOY / "browsers" / "firefox.json").read_text())["policies"]
    assert (policy["Proxy"]["Mode"], policy["Proxy"]["Locked"]) == ("autoConfig", True)
    direct = policy["Preferences"]["network.proxy.failover_direct"]
    assert direct == {"Value": False, "Status": "locked"}
