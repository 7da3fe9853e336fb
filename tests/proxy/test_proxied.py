"""From end to end: curl through the running proxy to an origin, and what the running analyser then has in its store.

One proxy is started twice: at lunch, when nobody signs in, and the next day at eleven, when people do.
"""

import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lunchbell.demo.processes import Processes, free_ports
from lunchbell.demo.school import write_users

ROOT = Path(__file__).resolve().parents[2]
STAFFROOM, WIFI, PUPIL, NOBODY = "127.41.1.17", "127.41.8.20", "127.41.16.3", "127.42.0.5"
FACEBOOK_POST = b"fb_api_req_friendly_name=ComposerStoryCreateMutation&doc_id=2&variables=what+somebody+wrote"
WIKI_TEXT = b"wpTextbox1=" + b"All+about+owls.%0A" * 20_000 + b"&wpSummary=owls&wpSave=Save+changes"
SCHOOL = """
policy = "waterville-2022"
school = { name = "Oakfield Primary School" }
calendar = { terms = [{ name = "Autumn 2026", first = 2026-09-03, last = 2026-12-18 }] }

[timetables.teachers]
days = ["mon", "tue", "wed", "thu", "fri"]
work = "08:30-16:00"
lunch = ["12:05-13:00"]

[groups]
staff-wifi = { networks = ["127.41.8.0/24"], equipment = "personal", audience = "staff", timetable = "teachers" }
pupils = { networks = ["127.41.16.0/24"], equipment = "school", audience = "pupils", timetable = "teachers" }

[groups.staffroom]
networks = ["127.41.1.0/24"]
equipment = "school"
designated = true
audience = "staff"
timetable = "teachers"

[analyser]
listen = "127.0.0.1:{analyser}"

[proxy]
listen = "127.0.0.1:{proxy}"
"""


@dataclass(frozen=True)
class Fetched:
    """What curl got: its exit status (60: no trusted certificate), and the answer's status, version and headers."""

    exit: int
    status: int
    version: str
    headers: dict[str, str]


@dataclass
class Day:
    """Everything that was fetched, by name, and the files that were left when all processes had ended."""

    folder: Path
    fetched: dict[str, Fetched] = field(default_factory=dict)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the store answers."""
        with closing(sqlite3.connect(self.folder / "lunchbell.db")) as db:
            return db.execute(query).fetchall()


@dataclass
class World:
    """The processes' addresses and files."""

    folder: Path
    proxy: int
    origin: int

    @property
    def opened(self) -> Path:
        """The authority that is trusted where the proxy opens."""
        return self.folder / "lunchbell-ca" / "mitmproxy-ca-cert.pem"

    @property
    def unopened(self) -> Path:
        """The servers' own authority."""
        return self.folder / "origin-ca" / "mitmproxy-ca-cert.pem"

    def fetch(self, client: str, url: str, authority: Path, *more: str, body: bytes = b"") -> Fetched:
        """Fetch through the proxy from a client's address, trusting one authority alone."""
        _whole(authority)
        headers, sent = self.folder / "headers", self.folder / "body"
        headers.write_text("")
        sent.write_bytes(body)
        done = subprocess.run(
            [
                "curl", "-sS", "--http2", "--max-time", "30", "--interface", client, "--noproxy", "",
                "--proxy", f"http://127.0.0.1:{self.proxy}", "--cacert", str(authority), "--capath", str(self.folder),
                "-o", os.devnull, "-D", str(headers), "-w", "%{http_code} %{http_version}",
                *(("--data-binary", f"@{sent}") if body else ()), *more, url,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        status, _, version = done.stdout.partition(" ")
        last = headers.read_text().strip().split("\n\n")[-1].splitlines()
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in last)}
        return Fetched(done.returncode, int(status), version, found)


def _whole(path: Path) -> None:
    """mitmproxy may listen before its authority's file is whole."""
    for _ in range(100):
        try:
            ssl.create_default_context(cafile=str(path))
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{path} was not written")


def _python(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", *map(str, arguments)]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A day's traffic, once for all tests."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux gives each client an address of its own in 127.0.0.0/8")
    if not shutil.which("curl"):
        if os.environ.get("CI"):
            pytest.fail("curl is not installed; CI must have it (Debian: apt install curl)")
        pytest.skip("this needs curl with HTTP/2 (Debian: apt install curl)")
    folder = tmp_path_factory.mktemp("school")
    analyser, proxy, origin = free_ports(3)
    world, lived = World(folder, proxy, origin), Day(folder)
    config = folder / "lunchbell.toml"
    config.write_text(SCHOOL.replace("{analyser}", str(analyser)).replace("{proxy}", str(proxy)))
    made = _python("lunchbell", "token", "new", "gate", "--output", folder / "lunchbell.token", "--config", config)
    subprocess.run(made, check=True, capture_output=True)
    with Processes(folder) as processes, pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]))  # they run in a folder of their own
        processes.start(
            "origin", _python("tests.proxy.echoing_origin", f"127.0.0.1:{origin}", folder / "origin-ca"), origin
        )
        processes.start("analyser", _python("lunchbell", "serve", "--config", config), analyser)
        processes.start("lunch", _proxy(world, config, "2026-11-16T12:20"), proxy)
        lived.fetched |= at_lunch(world)
        processes.stop("lunch")
        passwords = write_users(folder / "users.htpasswd", {"j.okafor"})
        config.write_text(config.read_text() + 'sign_in = "@users.htpasswd"\n')
        processes.start("eleven", _proxy(world, config, "2026-11-17T11:00"), proxy)
        lived.fetched |= at_eleven(world, passwords["j.okafor"])
        processes.stop("eleven")
    return lived


def _proxy(world: World, config: Path, pretend: str) -> list[str]:
    return _python(
        "lunchbell", "proxy", "--config", config, "--pretend", pretend, "--origin", f"127.0.0.1:{world.origin}",
        "--origin-authority", world.unopened,
    )  # fmt: skip


def at_lunch(world: World) -> dict[str, Fetched]:
    """Staff publish, a bank is visited, and other people's devices pass."""
    post = "https://www.facebook.com/api/graphql/"
    return {
        "post at lunch": world.fetch(STAFFROOM, post, world.opened, body=FACEBOOK_POST),
        "edit": world.fetch(
            STAFFROOM, "https://en.wikipedia.org/w/index.php?title=Owl&action=submit", world.opened, body=WIKI_TEXT
        ),
        "plain http": world.fetch(
            STAFFROOM, "http://www.mumsnet.com/talk", world.opened, "-H", "Sec-Fetch-Dest: document"
        ),
        "bank": world.fetch(STAFFROOM, "https://www.bank.example/login", world.unopened, body=b"password=1"),
        "bank, trusting us": world.fetch(STAFFROOM, "https://www.bank.example/", world.opened),
        "personal": world.fetch(WIFI, post, world.unopened, body=FACEBOOK_POST),
        "pupil": world.fetch(PUPIL, post, world.unopened, body=FACEBOOK_POST),
        "stranger": world.fetch(NOBODY, post, world.unopened, body=FACEBOOK_POST),
    }


def at_eleven(world: World, password: str) -> dict[str, Fetched]:
    """One who has signed in publishes; others are turned away by the proxy itself."""
    post = "https://x.com/i/api/graphql/oB-5XsHNAbjvARJEc8CZFw/CreateTweet"
    json = ("-H", "Content-Type: application/json")
    body = b'{"variables":{"tweet_text":"what somebody wrote"}}'
    facebook = "https://www.facebook.com/api/graphql/"
    signed = ("--proxy-user", f"j.okafor:{password}")
    return {
        "post at eleven": world.fetch(STAFFROOM, facebook, world.opened, *signed, body=FACEBOOK_POST),
        "signed in": world.fetch(STAFFROOM, post, world.opened, *json, *signed, body=body),
        "not signed in": world.fetch(STAFFROOM, "https://www.instagram.com/", world.opened),
        "wrong password": world.fetch(
            STAFFROOM, "https://www.instagram.com/", world.opened, "--proxy-user", "j.okafor:wrong"
        ),
    }


def test_http_2_on_both_sides(day: Day) -> None:
    """The browser and the server speak it through the proxy as they would without."""
    post = day.fetched["post at lunch"]
    assert (post.exit, post.status, post.version) == (0, 200, "2")
    assert post.headers["x-seen-version"] == "HTTP/2.0"


def test_a_post_at_lunch_is_published_and_permitted(day: Day) -> None:
    """On equipment that the policy designates."""
    found = "SELECT activity, outcome, rule, clause FROM published WHERE service = 'facebook' AND period = 'lunch'"
    assert day.rows(found) == [("post", "permitted", "lunch-and-after-hours", "401-3")]


def test_the_same_post_at_eleven_is_not_permitted(day: Day) -> None:
    """In working time."""
    assert day.fetched["post at eleven"].status == 200
    found = "SELECT activity, outcome, rule, clause FROM published WHERE service = 'facebook' AND period = 'work'"
    assert day.rows(found) == [("post", "not_permitted", "working-time", "401-3")]


def test_a_bank_keeps_its_own_certificate_and_leaves_no_row(day: Day) -> None:
    """It is trusted by the origin's authority alone, so the proxy has not opened it."""
    assert (day.fetched["bank"].exit, day.fetched["bank"].status) == (0, 200)
    assert day.fetched["bank, trusting us"].exit == 60
    assert {service for (service,) in day.rows("SELECT DISTINCT service FROM usage")} == {
        "facebook", "wikipedia", "mumsnet", "x",
    }  # fmt: skip


def test_a_personal_device_is_not_opened_and_one_contact(day: Day) -> None:
    """What was posted from it cannot be known."""
    assert (day.fetched["personal"].exit, day.fetched["personal"].status) == (0, 200)
    assert usage(day, "staff-wifi") == [("facebook", "contact", "permitted", 1)]


def test_a_pupil_is_not_opened_and_not_covered(day: Day) -> None:
    """This is no tool for pupils."""
    assert (day.fetched["pupil"].exit, day.fetched["pupil"].status) == (0, 200)
    assert usage(day, "pupils") == [("facebook", "contact", "not_covered", 1)]


def usage(day: Day, group: str) -> list[tuple[Any, ...]]:
    """What the store has of a group, in order of service."""
    return day.rows(
        f"SELECT service, activity, outcome, requests FROM usage WHERE \"group\" = '{group}' ORDER BY service, period"
    )


def test_an_address_in_no_group_is_not_opened_and_not_recorded(day: Day) -> None:
    """It gets its page, and that is all."""
    assert (day.fetched["stranger"].exit, day.fetched["stranger"].status) == (0, 200)
    assert (
        day.rows("SELECT DISTINCT \"group\" FROM usage WHERE \"group\" NOT IN ('staffroom', 'staff-wifi', 'pupils')")
        == []
    )


@pytest.mark.parametrize(
    ("name", "body"),
    [("post at lunch", FACEBOOK_POST), ("edit", WIKI_TEXT), ("personal", FACEBOOK_POST), ("bank", b"password=1")],
)
def test_a_body_arrives_as_it_was_sent(day: Day, name: str, body: bytes) -> None:
    """Read on its way or not, short or long."""
    headers = day.fetched[name].headers
    assert headers["x-seen-length"] == str(len(body))
    assert headers["x-seen-hash"] == sha256(body).hexdigest()


def test_a_long_edit_is_known_by_its_end(day: Day) -> None:
    """The marker comes after the text, and a plain page beside it is only opened."""
    assert usage(day, "staffroom") == [
        ("facebook", "post", "permitted", 1),
        ("facebook", "post", "not_permitted", 1),
        ("mumsnet", "open", "permitted", 1),
        ("wikipedia", "edit", "permitted", 1),
        ("x", "post", "not_permitted", 1),
    ]


def test_signing_in_to_the_proxy_gives_a_subject(day: Day) -> None:
    """A pseudonym, the same for all that one person does; without it there is no page and no row, and before none."""
    assert day.fetched["signed in"].status == 200
    assert set(day.rows("SELECT subject FROM usage WHERE period = 'lunch'")) == {("",)}
    (first,), (second,) = day.rows("SELECT subject FROM published WHERE period = 'work'")
    assert first == second
    assert first.startswith("k")
    for name in ("not signed in", "wrong password"):
        assert (day.fetched[name].exit != 0, day.fetched[name].headers.get("x-seen-hash")) == (True, None)
    assert day.rows("SELECT * FROM usage WHERE service = 'instagram'") == []


def test_a_proxy_that_is_started_again_numbers_on_without_a_hole(day: Day) -> None:
    """One feed, an epoch for each time; every number of both is an event or a gap report, and all of them arrived."""
    feeds = day.rows("SELECT feed, epoch, seq FROM feeds")
    assert [feed for feed, _, _ in feeds] == ["gate", "gate"]
    ((requests,),) = day.rows("SELECT sum(requests) FROM usage")
    ((gaps,),) = day.rows("SELECT count(*) FROM gaps")
    assert (requests, requests + gaps) == (7, sum(seq for _, _, seq in feeds))
    epoch = dict(day.rows("SELECT period, epoch FROM published"))
    assert epoch["lunch"] != epoch["work"]
    assert day.rows("SELECT * FROM rejected") == []


def test_nothing_that_was_sent_and_nobodys_name_is_left_on_disk(day: Day) -> None:
    """No host below the service, no path, no word, no user name, no address: in the store, the outbox and the logs."""
    secrets: Sequence[bytes] = (
        b"www.", b"graphql", b"index.php", b"CreateTweet", b"Composer", b"somebody", b"owls", b"okafor", b"127.41.",
        b"127.42.", b"bank", b"talk",
    )  # fmt: skip
    looked_at = [path for path in day.folder.iterdir() if path.name.startswith(("lunchbell.db", "lunchbell-outbox.db"))]
    looked_at += [day.folder / name for name in ("analyser.log", "lunch.log", "eleven.log")]
    assert len(looked_at) >= 5
    for path in looked_at:
        content = path.read_bytes()
        assert [secret for secret in secrets if secret in content] == [], path.name
    assert b"facebook" in (day.folder / "lunchbell.db").read_bytes()
