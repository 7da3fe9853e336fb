"""After a whole day of the demo, every file is read byte by byte: nobody, and nothing that anybody did, is in one.

The files that Lunchbell did not write, but was given, are left out; they are named one by one.
"""

import os
import re
import subprocess
import sys
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from lunchbell.demo.sample_log import HOSTS, SOCIAL

GIVEN = {
    "school/lunchbell.toml": "the school's own file: its groups' networks, a user with an approval, its wiki",
    "school/users.htpasswd": "the proxy's users, as the school has them",
    "school/access.log": "the log that the demo imports",
}
"""What the demo puts in; everything else is Lunchbell's."""

DAY = tomllib.loads(files("lunchbell.demo").joinpath("day.toml").read_text("utf-8"))
SHORTEST = 7
"""Shorter values, such as `1` or `{}`, say nothing, and stand in any file by chance."""


def hosts() -> set[str]:
    """Every host that anything asked for; those of services too, since only a service's id may be kept."""
    urls = [step[key] for step in DAY["steps"].values() for key in ("url", "referer") if key in step]
    return {urlsplit(url).hostname or "" for url in urls} | set(HOSTS) | set(SOCIAL)


def paths() -> set[str]:
    """Every path and query that says something."""
    found = set()
    for step in DAY["steps"].values():
        url = urlsplit(step["url"])
        found |= {url.path, url.query}
    return {path for path in found if len(path) >= SHORTEST}


def texts() -> set[str]:
    """What bodies hold: names of operations, numbers of posts, and what somebody wrote."""

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from strings(inner)

    found = {text for step in DAY["steps"].values() for body in ("form", "json") for text in strings(step.get(body))}
    return {text for text in found if len(text) >= SHORTEST}


def users() -> set[str]:
    """Who signed in."""
    return {scene["user"] for scene in DAY["scenes"]}


def forms_of(word: str) -> set[bytes]:
    """A word as it is, in an address, and in UTF-16."""
    return {word.encode(), quote(word, safe="").encode(), word.encode("utf-16-le")}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo ran, with its home, its caches and its temporary files."""
    place = tmp_path_factory.mktemp("day")
    (place / "tmp").mkdir()
    home = {"HOME": str(place / "home"), "TMPDIR": str(place / "tmp"), "XDG_CACHE_HOME": str(place / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "lunchbell", "demo", "--once", "--folder", str(place / "school")],
        env={**os.environ, **home}, cwd=place, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    (place / "printed.txt").write_bytes(done.stdout + done.stderr)
    return place


@pytest.fixture(scope="module")
def left(day: Path) -> dict[str, bytes]:
    """Every file that Lunchbell wrote, by its name."""
    names = {str(path.relative_to(day)): path for path in day.rglob("*") if path.is_file()}
    assert set(GIVEN) <= set(names), "a file that is left out is not there"
    return {name: path.read_bytes() for name, path in names.items() if name not in GIVEN}


def found(left: dict[str, bytes], words: set[str]) -> list[str]:
    """Which words stand where."""
    assert words
    return [
        f"{name}: {word}" for name, data in left.items() for word in words if any(f in data for f in forms_of(word))
    ]


def test_the_files_are_those_that_were_meant(left: dict[str, bytes]) -> None:
    """Store, outbox, keys and logs were written and have something in them."""
    names = {name.removeprefix("school/") for name in left}
    assert {"lunchbell.db", "lunchbell-outbox.db", "lunchbell.keys", "proxy.log", "analyser.log"} <= names
    assert b"facebook" in left["school/lunchbell.db"], "the store holds no event: nothing would be proved"


def test_no_host(left: dict[str, bytes]) -> None:
    """Not in any file, nor in what the demo printed."""
    assert found(left, hosts()) == []


def test_no_path_or_query(left: dict[str, bytes]) -> None:
    """No part of a URL below the host."""
    assert found(left, paths()) == []


def test_nothing_that_anybody_wrote(left: dict[str, bytes]) -> None:
    """No field of a body."""
    assert "Written in the demo" in texts()
    assert found(left, texts()) == []


def test_no_user(left: dict[str, bytes]) -> None:
    """Neither by name nor as a browser signs in."""
    assert found(left, users()) == []
    signed_in = {b64encode(f"{user}:".encode()).decode().rstrip("=")[:-1] for user in users()}
    assert found(left, signed_in) == []


def test_no_address(left: dict[str, bytes]) -> None:
    """No device's, in dotted form or in four bytes."""
    dotted = re.compile(rb"127\.40\.\d+\.\d+")
    assert {name: dotted.findall(data) for name, data in left.items() if dotted.search(data)} == {}
    assert found(left, {"192.0.2."}) == []


def test_this_would_be_noticed(tmp_path: Path) -> None:
    """A word is found whole, in an address, and in UTF-16."""
    word = "Written in the demo"
    for data in (b"x" + word.encode(), b"a=Written%20in%20the%20demo&", word.encode("utf-16-le")):
        assert found({"a": data}, {word}) == [f"a: {word}"]
