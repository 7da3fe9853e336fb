"""One run: a seed chooses faults and when they strike; then everything drains, and the oracle judges."""

import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults import oracle
from tests.faults.browsers import Browsers
from tests.faults.relay import HARM, Relay
from tests.faults.world import (
    MEBIBYTE,
    FullDisk,
    World,
    can_mount,
    end,
    keep,
    kill,
    listening,
    options,
    restore,
    summary_runs,
)

DRAINING = 60.0
"""Seconds until the outbox must be empty, once all faults are over."""
REAL_USERS = 250


@dataclass
class Result:
    """One line of the report."""

    seed: int
    real: bool
    faults: list[str]
    judgement: oracle.Judgement
    befell: dict[str, int]
    committed: int = 0
    seconds: float = 0.0
    gaps: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Run:
    """What every run has; a subclass says where its traffic comes from."""

    real = False
    faults: tuple[str, ...] = (
        "kill proxy", "kill analyser", "kill both", "stop proxy", "stop analyser", "full outbox", "full outbox, kill",
        "outbox fills its disk", "memory too small", "full store", "bad link", "dead link", "old outbox", "old store",
        "clock jumps",
    )  # fmt: skip
    never_together = (
        {"old outbox", "old store", "memory too small", "outbox fills its disk", "full outbox, kill", "full outbox"},
    )

    def __init__(self, seed: int, seconds: float) -> None:
        self.chance = random.Random(seed)
        self.seed, self.seconds = seed, seconds
        self.chosen = self._choose()
        self.shift = 0.0
        self.process = 0
        self.ends: list[oracle.End] = []
        self.destroyed: set[str] = set()
        self.set_back: set[str] = set()
        self.gaps_set_back = 0
        self.full: FullDisk | None = None
        self.backlog = False
        self.relay = Relay(self.chance)
        self.background = self.chance.choice([0.0, 0.0, 0.1, 0.3])
        self.relay.harm = self._background
        small = {"full outbox", "full outbox, kill", "outbox fills its disk", "memory too small"}.intersection(
            self.chosen
        )
        sizes = (
            (3 if "outbox fills its disk" in self.chosen else 12) * MEBIBYTE if small else 0,
            24 * MEBIBYTE if "full store" in self.chosen else 0,
        )
        folder = Path(tempfile.mkdtemp(prefix=f"lunchbell-fault-{seed}-"))
        self.world = World(folder, self.relay.port, REAL_USERS if self.real else 0, sizes)
        self.relay.target = self.world.ports.analyser
        self.analyser = self.world.analyser()
        self.sender = self.start_sender()

    # --- what a subclass does ----------------------------------------------------------------------------

    def start_sender(self) -> subprocess.Popen[bytes]:
        """The process with the outbox."""
        raise NotImplementedError

    def jump(self, seconds: float) -> None:
        """Set its clock."""
        raise NotImplementedError

    def quiet(self) -> dict[int, oracle.HandedOver]:
        """End the traffic; the journal."""
        raise NotImplementedError

    # --- the run -----------------------------------------------------------------------------------------

    def run(self) -> Result:
        """Faults, draining, judgement."""
        began = time.monotonic()
        try:
            pause = self.seconds / (len(self.chosen) + 1)
            for name in self.chosen:
                time.sleep(pause * self.chance.uniform(0.5, 1.5))
                getattr(self, "do_" + name.replace(" ", "_").replace(",", ""))()
            time.sleep(pause)
            self.relay.harm = lambda: None
            journal = self.quiet()
            self._drain()
            end(self.sender)
            left = oracle.read_copy(self.world.outbox, self.world.folder / "last")
            if left.lines:  # the last gap or two, when the analyser was slow
                self.sender = self.start_sender()
                self._drain()
                end(self.sender)
            broken = summary_runs(self.world)
            end(self.analyser)
            store = oracle.read_store(self.world.store)
            seen = oracle.Evidence(
                journal, self.ends, store, self.world.keys, max(0, oracle.waiting(self.world.outbox)),
                self.destroyed, self.set_back, self.gaps_set_back, self.shift != 0, "memory too small" in self.chosen,
            )  # fmt: skip
            found = oracle.judge(seen)
            found.wrong += [broken] * bool(broken)
            found.wrong += self.complaints()
            gaps: dict[str, int] = {}
            for _, _, reason, _ in store.gaps:
                gaps[reason] = gaps.get(reason, 0) + 1
            return Result(
                self.seed, self.real, self.chosen, found, self.relay.befell, self._committed(found, seen),
                round(time.monotonic() - began, 1), gaps,
            )  # fmt: skip
        finally:
            for process in (self.sender, self.analyser):
                if process.poll() is None:
                    kill(process)
            self.finish()
            self.relay.stop()

    def complaints(self) -> Iterable[str]:
        """What else went wrong."""
        return ()

    def finish(self) -> None:
        """End what else was started."""

    def _committed(self, found: oracle.Judgement, seen: oracle.Evidence) -> int:
        return found.arrived + len((seen.set_back | seen.destroyed) - seen.store.requests.keys())

    def _choose(self) -> list[str]:
        chosen: list[str] = []
        for name in self.chance.sample(self.faults, len(self.faults)):
            if not any(name in group and group.intersection(chosen) for group in self.never_together):
                chosen.append(name)
        chosen = chosen[: self.chance.choice([1, 2, 3, 3, 4])]
        if not can_mount():  # a process without a disk that is too small does not meet these
            instead = {"outbox fills its disk": "dead link", "full outbox, kill": "full outbox"}
            chosen = list(dict.fromkeys(instead.get(name, name) for name in chosen))
        return chosen

    def _drain(self) -> None:
        until = time.monotonic() + DRAINING
        empty = 0
        while empty < 5:
            empty = empty + 1 if oracle.waiting(self.world.outbox) == 0 else 0
            if time.monotonic() > until:
                return  # the oracle will find what waits
            time.sleep(0.1)

    def _background(self) -> str | None:
        return self.chance.choice(HARM) if self.chance.random() < self.background else None

    def _sender_ended(self, at: tuple[float, float]) -> None:
        copy = oracle.read_copy(self.world.outbox, self.world.folder / f"copy-{self.process}")
        self.ends.append(oracle.End(self.process, *at, copy, self.full is not None or self.backlog))

    # --- the faults --------------------------------------------------------------------------------------

    def do_kill_proxy(self) -> None:
        self._sender_ended(kill(self.sender))
        time.sleep(self.chance.uniform(0, 0.3))
        self.sender = self.start_sender()

    def do_stop_proxy(self) -> None:
        self._sender_ended(end(self.sender))
        self.sender = self.start_sender()

    def do_kill_analyser(self) -> None:
        kill(self.analyser)
        time.sleep(self.chance.uniform(0, 0.8))
        self.analyser = self.world.analyser()

    def do_stop_analyser(self) -> None:
        end(self.analyser)
        self.analyser = self.world.analyser()

    def do_kill_both(self) -> None:
        at = time.monotonic()
        self.sender.kill()
        self.analyser.kill()
        self.sender.wait()
        self.analyser.wait()
        self._sender_ended((at, at))
        self.analyser = self.world.analyser()
        self.sender = self.start_sender()

    def do_full_outbox(self, *, killing: bool = False) -> None:
        self.full = FullDisk(self.world.outbox, self.sender)
        time.sleep(self.chance.uniform(0.5, 2))
        if killing:
            self._sender_ended(kill(self.sender))
            self.sender = self.start_sender()  # it must start on a full disk, too
            time.sleep(self.chance.uniform(0.2, 0.6))
        self.full.free()
        time.sleep(0.6)
        self.full = None

    def do_full_outbox_kill(self) -> None:
        self.do_full_outbox(killing=True)

    def do_memory_too_small(self) -> None:
        self.do_full_outbox()

    def do_outbox_fills_its_disk(self) -> None:
        self.relay.harm = lambda: "refused"
        time.sleep(4)
        self.relay.harm = self._background
        self.backlog = True  # from now on, for who knows how long, events may wait in memory

    def do_full_store(self) -> None:
        full = FullDisk(self.world.store, self.analyser)
        time.sleep(self.chance.uniform(0.5, 1.5))
        if self.chance.random() < 0.5:
            kill(self.analyser)
            full.free()
            self.analyser = self.world.analyser()
        else:
            full.free()

    def do_bad_link(self) -> None:
        self.relay.harm = lambda: self.chance.choice(HARM) if self.chance.random() < 0.7 else None
        time.sleep(self.chance.uniform(1, 2.5))
        self.relay.harm = self._background

    def do_dead_link(self) -> None:
        self.relay.harm = lambda: "refused"
        time.sleep(self.chance.uniform(0.5, 1.5))
        self.relay.harm = self._background

    def do_old_outbox(self) -> None:
        ended: Callable[[subprocess.Popen[bytes]], tuple[float, float]] = self.chance.choice([kill, end])
        self._sender_ended(ended(self.sender))
        old = self.ends[-1].copy
        backup = keep(self.world.outbox, self.world.folder / "old-outbox")
        self.sender = self.start_sender()
        time.sleep(self.chance.uniform(0.5, 1.5))
        self._sender_ended(kill(self.sender))
        new = self.ends[-1].copy
        self.destroyed |= {subject for key, subject in new.lines.items() if key not in old.lines and subject}
        self.ends[-1].copy = oracle.Copy({key: s for key, s in new.lines.items() if key in old.lines})
        restore(self.world.outbox, backup)
        self.sender = self.start_sender()

    def do_old_store(self) -> None:
        kill(self.analyser)
        backup = keep(self.world.store, self.world.folder / "old-store")
        self.analyser = self.world.analyser()
        time.sleep(self.chance.uniform(0.3, 1.5))
        if self.chance.random() < 0.5:
            self.do_kill_proxy()
            time.sleep(0.3)
        kill(self.analyser)
        newer = oracle.read_store(self.world.store)
        self.set_back |= set(newer.requests)
        self.gaps_set_back += len(newer.gaps)
        restore(self.world.store, backup)
        self.analyser = self.world.analyser()

    def do_clock_jumps(self) -> None:
        self.jump(self.chance.choice([-7200, -600, -30, 30, 3600, 86400, -86400]))


class DriverRun(Run):
    """Traffic from `driver.py`."""

    def start_sender(self) -> subprocess.Popen[bytes]:
        self.process += 1
        told = options(
            self.world,
            analyser=f"http://127.0.0.1:{self.relay.port}",
            journal=str(self.world.folder / f"journal-{self.process}"),
            first=self.process * 1_000_000,
            rate=1000 if "outbox fills its disk" in self.chosen else self.chance.choice([300, 600, 1000]),
            shift=self.shift,
            most_waiting=400 if "memory too small" in self.chosen else 100_000,
            quiet=self.process > 1 and self._quiet,
        )
        process = self.world.python("driver", "tests.faults.driver", told, stdin=subprocess.PIPE)
        journal = self.world.folder / f"journal-{self.process}"
        for _ in range(400):
            if journal.exists() or process.poll() is not None:
                return process
            time.sleep(0.05)
        raise RuntimeError("the driver does not start")

    _quiet = False

    def jump(self, seconds: float) -> None:
        self.shift += seconds
        self._tell(f"jump {seconds}")

    def quiet(self) -> dict[int, oracle.HandedOver]:
        self._quiet = True
        self._tell("quiet")
        time.sleep(0.3)
        found: dict[int, oracle.HandedOver] = {}
        for process in range(1, self.process + 1):
            for line in (self.world.folder / f"journal-{process}").read_text().splitlines():
                number, steady, at = line.split()
                found[int(number)] = oracle.HandedOver(process, float(steady), int(at))
        return found

    def _tell(self, command: str) -> None:
        assert self.sender.stdin
        self.sender.stdin.write(command.encode() + b"\n")
        self.sender.stdin.flush()


class RealRun(Run):
    """Traffic through `lunchbell proxy` over TLS. Its clock jumps when it starts again; its waits are real."""

    real = True
    faults = (
        "kill proxy", "kill analyser", "kill both", "stop proxy", "stop analyser", "full outbox", "full outbox, kill",
        "full store", "dead link", "old outbox", "old store", "clock jumps",
    )  # fmt: skip
    _origin: subprocess.Popen[bytes] | None = None
    _browsers: Browsers | None = None

    def start_sender(self) -> subprocess.Popen[bytes]:
        world = self.world
        if self._origin is None:
            self._started: list[tuple[float, float]] = []
            place = str(world.folder / "origin-ca")
            self._origin = world.python("origin", "tests.faults.origin", f"127.0.0.1:{world.ports.origin}", place)
            listening(self._origin, world.ports.origin)
        self.process += 1
        since = time.time()
        pretended = datetime.fromtimestamp(int(since + self.shift), ZoneInfo("Europe/London")).replace(tzinfo=None)
        process = world.python(
            "proxy", "lunchbell", "proxy", "--config", str(world.config),
            "--pretend", pretended.isoformat(), "--since", f"{since:.3f}",
            "--origin", f"127.0.0.1:{world.ports.origin}",
            "--origin-authority", str(world.folder / "origin-ca" / "mitmproxy-ca-cert.pem"),
        )  # fmt: skip
        listening(process, world.ports.proxy)
        self._started.append((time.monotonic(), int(since + self.shift) - since))
        if self._browsers is None:
            authority = world.folder / "lunchbell-ca" / "mitmproxy-ca-cert.pem"
            for _ in range(100):
                if authority.exists() and authority.stat().st_size:
                    break
                time.sleep(0.1)
            time.sleep(0.2)
            self._browsers = Browsers(f"http://127.0.0.1:{world.ports.proxy}", authority, world.passwords)
        return process

    def jump(self, seconds: float) -> None:
        self.shift += seconds
        self.do_kill_proxy()

    def quiet(self) -> dict[int, oracle.HandedOver]:
        assert self._browsers
        self._browsers.end()
        time.sleep(0.3)
        found: dict[int, oracle.HandedOver] = {}
        for number, answered in self._browsers.answered.items():
            process = sum(started <= answered.steady for started, _ in self._started)
            ended = [e.process for e in self.ends if e.steady < answered.steady]
            process = max(process, *(p + 1 for p in ended), 1)
            shift = self._started[process - 1][1]
            found[number] = oracle.HandedOver(process, answered.steady, round((answered.real + shift) * 1000))
        return found

    def complaints(self) -> Iterator[str]:
        """Pages that did not load while the proxy was up."""
        assert self._browsers
        down = [(e.asked - 0.2, next(s for s, _ in self._started[e.process :])) for e in self.ends]
        for failed in self._browsers.failed:
            if not any(failed.start <= up + 0.2 and failed.end >= ended for ended, up in down):
                yield f"a page did not load while the proxy was up ({failed.why})"

    def finish(self) -> None:
        if self._browsers:
            self._browsers.end()
        if self._origin and self._origin.poll() is None:
            kill(self._origin)


def run(seed: int, *, real: bool, seconds: float, keep: bool = False) -> Result:
    """One run in a folder of its own, which stays if the run failed."""
    one = (RealRun if real else DriverRun)(seed, seconds)
    failed = True
    try:
        result = one.run()
        failed = bool(result.judgement.wrong)
        return result
    finally:
        if not (failed and keep):
            one.world.clean()
