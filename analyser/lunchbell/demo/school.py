"""The demo's school: the example with this machine's addresses, a term around the day, and users to sign in with."""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha1
from pathlib import Path

from lunchbell.settings.places import example_file

USERS = "users.htpasswd"
NETWORKS = {"staffroom": 1, "classrooms": 2, "office": 3, "staff-wifi": 8, "pupils": 16}
"""Third part of each group's addresses on this machine: 127.40.x.0/24."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the demo's processes listen on 127.0.0.1."""

    analyser: int
    proxy: int
    origin: int


def address(group: str, device: int) -> str:
    """The address of a device of a group on this machine."""
    return f"127.40.{NETWORKS[group]}.{device}"


def write_school(folder: Path, day: date, ports: Ports) -> Path:
    """Write lunchbell.toml into `folder`."""
    text = example_file().read_text("utf-8")
    before, _, rest = text.partition("[calendar]")
    calendar = f"""[calendar]
terms = [{{ name = "The demo's term", first = {day - timedelta(weeks=8)}, last = {day + timedelta(weeks=8)} }}]

"""
    rest = (
        rest[rest.index("[timetables.teachers]") :]
        .replace('"10.40.', '"127.40.')
        .replace('"127.40.3.0/26"', '"127.40.3.0/24"')
    )
    rest = rest[: rest.index("[[cases]]")]
    rest = rest.replace("first = 2026-11-02T09:00:00", f"first = {day - timedelta(days=7)}T09:00:00")
    rest = rest.replace("last = 2026-11-20T17:00:00", f"last = {day + timedelta(days=4)}T17:00:00")
    rest = rest.replace("granted = 2026-10-30T15:00:00", f"granted = {day - timedelta(days=9)}T15:00:00")
    servers = f"""
[analyser]
listen = "127.0.0.1:{ports.analyser}"

[proxy]
listen = "127.0.0.1:{ports.proxy}"
sign_in = "@{USERS}"
"""
    path = folder / "lunchbell.toml"
    path.write_text(before + calendar + rest + servers, "utf-8")
    return path


def write_users(path: Path, users: set[str]) -> dict[str, str]:
    """Write an htpasswd file; the passwords, by user."""
    passwords = {user: secrets.token_urlsafe(9) for user in sorted(users)}
    lines = [f"{user}:{{SHA}}{b64encode(sha1(p.encode()).digest()).decode()}" for user, p in passwords.items()]  # noqa: S324
    path.write_text("\n".join(lines) + "\n")
    return passwords
