"""`lunchbell demo`: a whole example school on this machine, with real proxied traffic."""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from datetime import time as wall_time
from importlib.util import find_spec
from pathlib import Path

import click

from lunchbell.cli.common import fail, now
from lunchbell.demo.day import Planned, plan
from lunchbell.demo.drive import Authorities, drive
from lunchbell.demo.processes import ProcessError, Processes, free_ports
from lunchbell.demo.sample_log import write_sample_log
from lunchbell.demo.school import USERS, Ports, write_school, write_users
from lunchbell.plain_words import clock
from lunchbell.policy.hosts import host_of
from lunchbell.settings import Settings, load
from lunchbell.store.schema import open_store

ORIGIN_CA = Path("origin-ca", "mitmproxy-ca-cert.pem")
SPEED = 1200
"""A school day in half a minute."""
DAWN = wall_time(7, 40)
STARTING = 8.0
"""Seconds until the pretended day begins, while the processes start."""


@click.command()
@click.option("--once", is_flag=True, help="End after the summary, instead of staying up until Ctrl-C.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Keep the demo's files here; default: a temporary folder."
)
def demo(once: bool, folder: Path | None) -> None:
    """Live through a school day: real proxy, real TLS, the analyser, an imported log and the weekly summary.

    Nothing leaves this machine: a local origin stands in for every website.
    """
    if not sys.platform.startswith("linux"):
        fail("the demo gives each device an address in 127.40.0.0/16, which only Linux has; use a Linux machine")
    if find_spec("mitmproxy") is None:
        fail("the demo runs the proxy, which needs mitmproxy; install it with: pip install 'lunchbell[proxy]'")
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            fail(f"{folder}: is not empty; choose a new folder for the demo's files")
    place = folder or Path(tempfile.mkdtemp(prefix="lunchbell-demo-"))
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the processes are stopped
    try:
        with Processes(place) as processes:
            _live_through(place, processes, once)
    except ProcessError as error:
        fail(str(error))
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    finally:
        if not folder:
            shutil.rmtree(place, ignore_errors=True)


def _live_through(place: Path, processes: Processes, once: bool) -> None:
    ports = Ports(*free_ports(3))
    day = _school_day(now().date())
    config = write_school(place, day, ports)
    settings = load(config, today=day)
    planned = plan(day, settings.zone)
    passwords = write_users(place / USERS, {p.user for p in planned})
    _say(
        f"A school day at {settings.file.school.name}, {day:%A} {day.day} {day:%B}, "
        f"under {settings.policy.school}'s policy."
    )
    _lunchbell("token", "new", "demo-proxy", "--output", str(place / "lunchbell.token"), "--config", str(config))
    processes.start(
        "origin", _python("lunchbell_proxy.origin", f"127.0.0.1:{ports.origin}", str(place / "origin-ca")), ports.origin
    )
    _say("1 of 5  The origin is up: it answers for every website, over TLS with an authority of its own.")
    processes.start("analyser", _python("lunchbell", "serve", "--config", str(config)), ports.analyser)
    _say(f"2 of 5  The analyser is up: http://127.0.0.1:{ports.analyser}/summary")
    dawn = datetime.combine(day, DAWN, settings.zone)
    began = time.time() + STARTING
    processes.start("proxy", _proxy(config, place, ports, dawn, began), ports.proxy)
    _say("3 of 5  The proxy is up: it opens catalogued names on school equipment and passes all else unopened.")
    _drive(place, settings, ports, planned, passwords, dawn, began)
    log = place / "access.log"
    write_sample_log(log, day - timedelta(days=1), settings.zone)
    _say("5 of 5  A log of the day before is imported:")
    _say(_lunchbell("analyse", str(log), "--db", str(place / settings.file.analyser.database), "--config", str(config)))
    processes.stop("proxy")
    _check_arrival(settings, place, planned)
    week = f"{day:%G-W%V}"
    _say("")
    _say(_lunchbell("summary", "--week", week, "--config", str(config)))
    if once:
        return
    _say(f"\nThe same as a page: http://127.0.0.1:{ports.analyser}/summary?week={week}\nStop the demo with Ctrl-C.")
    while True:
        time.sleep(3600)


def _drive(
    place: Path,
    settings: Settings,
    ports: Ports,
    planned: list[Planned],
    passwords: dict[str, str],
    dawn: datetime,
    began: float,
) -> None:
    terminal = sys.stdout.isatty()

    def progress(one: Planned) -> None:
        if terminal:
            click.echo(f"\r4 of 5  {clock(one.at):>5}  {one.group:<12} {one.step['url'][:60]:<60}", nl=False)

    driven = asyncio.run(
        drive(
            planned,
            settings,
            f"http://127.0.0.1:{ports.proxy}",
            Authorities(
                place / settings.file.proxy.certificates / "mitmproxy-ca-cert.pem",
                place / "origin-ca" / "mitmproxy-ca-cert.pem",
            ),
            passwords,
            lambda one: began + (one.at - dawn).total_seconds() / SPEED,
            progress,
        )
    )
    if terminal:
        click.echo("\r" + " " * 90 + "\r", nl=False)
    if driven.failed:
        raise ProcessError("requests failed: " + "; ".join(driven.failed[:5]))
    _say(
        f"4 of 5  The day is over: {len(planned)} requests went through the proxy, {driven.opened} opened, "
        f"{driven.unopened} passed unopened."
    )


def _check_arrival(settings: Settings, place: Path, planned: list[Planned]) -> None:
    """Every request to a catalogued service is one event: opened ones by what they did, the others as contacts."""
    sent = sum(settings.catalogue.service_of(host_of(one.step["url"])) is not None for one in planned)
    store = open_store(place / settings.file.analyser.database)
    arrived = store.execute("SELECT sum(requests) FROM usage WHERE source = 'proxy'").fetchone()[0]
    store.close()
    if arrived != sent:
        raise ProcessError(f"{sent} requests went to catalogued services, but {arrived or 0} events arrived")


def _school_day(today: date) -> date:
    """The last Tuesday before today: its week is one that a summary can be read of."""
    return today - timedelta(days=(today.weekday() - 1) % 7 or 7)


def _proxy(config: Path, place: Path, ports: Ports, dawn: datetime, began: float) -> list[str]:
    return _python(
        "lunchbell", "proxy", "--config", str(config),
        "--pretend", dawn.isoformat(), "--since", f"{began:.3f}", "--speed", str(SPEED),
        "--origin", f"127.0.0.1:{ports.origin}", "--origin-authority", str(place / ORIGIN_CA),
    )  # fmt: skip


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _lunchbell(*arguments: str) -> str:
    done = subprocess.run(_python("lunchbell", *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProcessError(f"lunchbell {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.rstrip()


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()
