"""One school for the tests: its files, its analyser and its proxy as real processes, and questions about both."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from lunchbell.demo.processes import Processes, free_ports
from lunchbell.settings.places import example_file

STAFFROOM, CLASSROOMS, PHONES = "127.40.1.17", "127.40.2.17", "127.40.8.17"
LAPTOP = "127.40.1.30"
OPENED, PASSED = "www.facebook.com", "www.news.example"
"""A catalogued host and one that is not."""


def until(holds: Callable[[], object], what: str) -> None:
    """Wait for something that must come to pass; how long it takes is no matter."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"it never came to pass that {what}")


class House:
    """Starts in `folder`; `proxy` are further lines of [proxy], `more` further tables of the school's file."""

    def __init__(
        self, folder: Path, origin_port: int, authority: Path, proxy: str = "", more: str = "", *, direct: bool = False
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.processes = Processes(folder)
        self.analyser_port, self.proxy_port, self.metrics_port = free_ports(3)
        self.config = folder / "lunchbell.toml"
        text = example_file().read_text("utf-8")
        text = (
            text[: text.index("[[cases]]")]
            .replace('"10.40.', '"127.40.')
            .replace('["127.40.1.0/24"', '["127.40.1.0/24", "127.0.0.1/32"')
        )
        self.text = f"""{text}
[devices]
"{LAPTOP}" = "laptop-07"

[analyser]
listen = "127.0.0.1:{self.analyser_port}"

[proxy]
listen = "127.0.0.1:{self.proxy_port}"
metrics = "127.0.0.1:{self.metrics_port}"
{proxy}
{more}"""
        self.config.write_text(self.text, "utf-8")
        self.origin = ["--origin", f"127.0.0.1:{origin_port}"] if not direct else []
        self.authority = authority
        self.run("token", "new", "proxy-1", "--output", str(folder / "lunchbell.token"))
        self.start_analyser()
        self.start_proxy()
        self.bundle = folder / "both.pem"
        certificate = folder / "lunchbell-ca" / "mitmproxy-ca-cert.pem"
        until(lambda: certificate.is_file() and certificate.read_bytes().strip(), "the proxy has its authority")
        self.bundle.write_bytes(certificate.read_bytes() + authority.read_bytes())

    def run(self, *arguments: str) -> None:
        """A command of Lunchbell's."""
        command = [sys.executable, "-m", "lunchbell", *arguments, "--config", str(self.config)]
        subprocess.run(command, check=True, capture_output=True)

    def start_analyser(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-m", "lunchbell", "serve", "--config", str(self.config)]
        self.processes.start("analyser", command, self.analyser_port)

    def start_proxy(self) -> None:
        """Start it at noon on a Tuesday, when the staffroom has lunch and the classrooms do too."""
        command = [sys.executable, "-m", "lunchbell", "proxy", "--config", str(self.config)]
        command += ["--pretend", "2026-11-17T11:20", *self.origin, "--origin-authority", str(self.authority)]
        self.processes.start("proxy", command, self.proxy_port)
        until(self.healthy, "the proxy says that it is well")

    def close(self) -> None:
        """Stop everything."""
        self.processes.stop()

    @property
    def proxy_id(self) -> int:
        """The proxy's process."""
        return self.processes.pid("proxy")

    def hang_up(self) -> None:
        """Tell the proxy to read its files again."""
        os.kill(self.proxy_id, signal.SIGHUP)

    def log(self) -> list[dict[str, str]]:
        """The proxy's log, each line an object."""
        return [json.loads(line) for line in self._log_lines() if line.startswith("{")]

    def _log_lines(self) -> list[str]:
        return (self.folder / "proxy.log").read_text("utf-8").splitlines()

    def healthy(self) -> bool:
        """Whether /healthz answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/healthz", timeout=5) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except OSError:
            return False

    def metric(self, name: str) -> float:
        """A figure of the proxy's /metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if re.match(rf"lunchbell_proxy_{name}(_total)? ", line))

    def resident(self) -> int:
        """The proxy's resident memory, bytes."""
        lines = Path(f"/proc/{self.proxy_id}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """Rows of the store."""
        db = sqlite3.connect(f"file:{self.folder / 'lunchbell.db'}?mode=ro", uri=True)
        try:
            return db.execute(question).fetchall()
        finally:
            db.close()

    def counted(self, where: str = "1") -> int:
        """Requests in the store."""
        return int(str(self.ask(f"SELECT coalesce(sum(requests), 0) FROM usage WHERE {where}")[0][0]))

    def settled(self) -> None:
        """Wait until everything that was noticed is in the store."""
        self.recorded_all()
        until(lambda: self.metric("outbox_waiting") == 0, "the analyser has everything")

    def recorded_all(self) -> None:
        """Wait for two commits of the proxy's: what was noticed before is on its disk."""
        time.sleep(0.25)
