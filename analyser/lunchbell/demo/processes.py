"""The demo's processes: started, waited for, and stopped again whatever happens."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType


class ProcessError(Exception):
    """A process of the demo did not come up; the text says which, and what it wrote."""


class Processes:
    """Starts commands with their output in files of `folder`; stops them on leaving."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: list[str], port: int) -> None:
        """Start a command and wait until it listens on 127.0.0.1:`port`."""
        output = self._folder / f"{name}.log"
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
        self._running.append((name, process))
        for _ in range(600):
            if process.poll() is not None:
                break
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.1)
        raise ProcessError(
            f"{name} did not start: {output.read_text(errors='replace').strip()[-500:] or 'it said nothing'}"
        )

    def pid(self, name: str) -> int:
        """The process number of the one started last under a name."""
        return next(process.pid for running, process in reversed(self._running) if running == name)

    def stop(self, name: str = "") -> None:
        """Stop one process, or all of them, the last started first."""
        for running, process in reversed(self._running):
            if name in ("", running) and process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(15)
                    continue
                process.kill()
                process.wait()


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports
