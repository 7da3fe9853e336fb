"""A large body through the proxy, with the proxy's memory watched."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fidelity.clients import Way
from tests.fidelity.house import OPENED

MB = 1024 * 1024


@dataclass(frozen=True)
class Carried:
    """Bytes that arrived; the proxy's resident memory before, and at most during and after."""

    size: int
    before: int
    most: int
    seconds: float
    samples: int

    @property
    def growth(self) -> int:
        """How much the proxy's memory grew."""
        return self.most - self.before


def carry(way: Way, direction: str, megabytes: int, version: str = "--http1.1", host: str = OPENED) -> Carried:
    """Upload or download so many megabytes with curl."""
    assert way.house
    way.curl(host, "/big?4" if direction == "down" else "/upload", version)
    before, samples, over = way.house.resident(), [0], threading.Event()
    most = [before]

    def watch() -> None:
        assert way.house
        while not over.wait(0.05):
            most[0] = max(most[0], way.house.resident())
            samples[0] += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    try:
        if direction == "down":
            answer = way.curl(host, f"/big?{megabytes}", version, "--max-time", "600")
            size = answer.size
        else:
            with TemporaryDirectory() as folder:
                file = Path(folder, "big")
                with file.open("wb") as sparse:
                    sparse.truncate(megabytes * MB)
                options = ("-X", "POST", "-T", str(file), "-H", "expect:", "--max-time", "600")
                way.curl(host, "/upload", version, "-H", "content-type: application/json", *options)
            size = way.origin.to("/upload")[-1].size
    finally:
        over.set()
        watcher.join()
    return Carried(size, before, most[0], time.monotonic() - began, samples[0])
