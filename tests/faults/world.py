"""The real processes of one run, their files, and the full disks."""

import json
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO

from lunchbell.demo.processes import free_ports
from lunchbell.demo.school import USERS, Ports, write_school, write_users
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import create_token

MEBIBYTE = 1024 * 1024


class World:
    """A school's folder. The outbox and the store have folders of their own, which may be small file systems."""

    def __init__(self, folder: Path, relay: int, users: int = 0, sizes: tuple[int, int] = (0, 0)) -> None:
        self.folder = folder
        self.ports = Ports(*free_ports(3))
        for name, size in zip(("outbox", "store"), sizes, strict=True):
            (folder / name).mkdir()
            if size and can_mount():
                mount(folder / name, size)
        self.config = write_school(folder, datetime.now(UTC).date(), self.ports)
        text = self.config.read_text()
        text = text.replace(
            "[analyser]\n",
            f'[analyser]\ndatabase = "store/lunchbell.db"\npublic_address = "http://127.0.0.1:{relay}"\n',
        )
        self.config.write_text(text.replace("[proxy]\n", '[proxy]\noutbox = "outbox/outbox.db"\n'))
        self.passwords = write_users(folder / USERS, {f"u{n}" for n in range(1, users + 1)})
        self.outbox, self.store = folder / "outbox" / "outbox.db", folder / "store" / "lunchbell.db"
        self.keys = folder / "lunchbell.keys"
        db = open_store(self.store)
        self.token = create_token(db, "faults", "feed", 0)
        db.close()
        (folder / "lunchbell.token").write_text(self.token)

    def python(self, name: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start a process; its output goes to `<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=stdin, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def analyser(self) -> subprocess.Popen[bytes]:
        """`lunchbell serve`, listening."""
        process = self.python("analyser", "lunchbell", "serve", "--config", str(self.config))
        listening(process, self.ports.analyser)
        return process

    def clean(self) -> None:
        """Unmount, and remove the folder."""
        for name in ("outbox", "store"):
            if (self.folder / name).is_mount():
                subprocess.run(["umount", "-l", str(self.folder / name)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a process listens on 127.0.0.1."""
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not listen")


def kill(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """kill -9; from when to when (steady clock) it was ending."""
    at = time.monotonic()
    process.kill()
    process.wait()
    return at, at


def end(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """SIGTERM, and wait; from when to when."""
    at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        kill(process)
        raise RuntimeError("a process did not end on SIGTERM") from None
    return at, time.monotonic()


def mount(folder: Path, size: int) -> None:
    """A small file system in memory."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


@cache
def can_mount() -> bool:
    """Whether this machine lets us, as it does root."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            mount(Path(folder), MEBIBYTE)
        except (OSError, subprocess.CalledProcessError):
            return False
        subprocess.run(["umount", folder], check=True)
        return True


class FullDisk:
    """Takes all that is left of a file system, until it is freed; or lets no file of a process grow."""

    def __init__(self, database: Path, process: subprocess.Popen[bytes]) -> None:
        self._file = database.with_name("filler")
        self._process = process
        if not database.parent.is_mount():
            grown = max(file.stat().st_size for file in database.parent.iterdir() if not file.name.endswith("-reserve"))
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (grown, resource.RLIM_INFINITY))
            return
        with self._file.open("wb", buffering=0) as file, suppress(OSError):
            for size in (64 * 1024, 4096, 512):
                with suppress(OSError):
                    while True:
                        _write(file, size)

    def free(self) -> None:
        """As an administrator would."""
        if self._file.exists():
            self._file.unlink()
        elif self._process.poll() is None:
            unlimited = resource.RLIM_INFINITY, resource.RLIM_INFINITY
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, unlimited)


def _write(file: IO[bytes], size: int) -> None:
    if file.write(b"\0" * size) != size:
        raise OSError


def keep(database: Path, place: Path) -> Path:
    """A backup of a database that no process has open."""
    place.mkdir()
    for ending in ("", "-wal", "-shm"):
        if (source := database.with_name(database.name + ending)).exists():
            shutil.copy(source, place / source.name)
    return place


def restore(database: Path, copy: Path) -> None:
    """Put an older copy in the place of a database that no process has open."""
    for ending in ("", "-wal", "-shm"):
        (database.with_name(database.name + ending)).unlink(missing_ok=True)
        if (copy / (database.name + ending)).exists():
            shutil.copy(copy / (database.name + ending), database.with_name(database.name + ending))


def summary_runs(world: World) -> str:
    """Empty if `lunchbell summary` works on the store."""
    done = subprocess.run(
        [sys.executable, "-m", "lunchbell", "summary", "--config", str(world.config)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return "" if done.returncode == 0 else f"lunchbell summary ended with {done.returncode}: {done.stderr[-300:]}"


def options(world: World, **more: object) -> str:
    """What the driver is told."""
    return json.dumps({"config": str(world.config), "token": world.token, **more})
