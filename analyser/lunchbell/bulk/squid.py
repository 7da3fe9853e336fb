"""Squid's native access log: `time elapsed client code/status bytes method URL user hierarchy/from type`.

Source: squid-cache.org, "logformat squid". Squid pads the elapsed time with spaces. Further fields may follow.
"""

from typing import NamedTuple
from urllib.parse import unquote_to_bytes

LATEST = 253_402_300_800
"""Seconds since 1970 of the year 10000: no instant lies so late. Logs in milliseconds are refused by it."""
LONGEST_SIZE = 15
"""Digits: what is larger is damage, and does not go into a database."""


class LogRecord(NamedTuple):
    """One request of a log. `at` is milliseconds UTC; `user` is empty where the log has none."""

    at: int
    client: str
    status: int
    size: int
    method: str
    url: str
    user: str
    content_type: str


def parse(line: bytes) -> LogRecord:
    """One line; ValueError saying which field cannot be read."""
    fields = line.split()
    if len(fields) < 9:
        raise ValueError(f"{len(fields)} fields, not the 10 of Squid's native format")
    try:
        seconds = float(fields[0])
        int(fields[1])
    except ValueError:
        raise ValueError("the first two fields are not a time and a duration") from None
    if not 0 <= seconds < LATEST:
        raise ValueError("the first field is not a time in seconds since 1970")
    _, slash, status = fields[3].rpartition(b"/")
    if not (slash and status.isdigit() and len(status) == 3):
        raise ValueError("the fourth field is not code/status")
    if not (fields[4].isdigit() and len(fields[4]) <= LONGEST_SIZE):
        raise ValueError("the fifth field is not a size")
    user = fields[7]
    return LogRecord(
        round(seconds * 1000),
        fields[2].decode("latin-1"),
        int(status),
        int(fields[4]),
        fields[5].decode("latin-1"),
        fields[6].decode("utf-8", "replace"),
        "" if user == b"-" else unquote_to_bytes(user).decode("utf-8", "replace"),
        fields[9].decode("latin-1") if len(fields) > 9 else "",
    )


def looks_like(lines: list[bytes]) -> bool:
    """Whether one of the first lines of a file can be read."""
    for line in lines:
        try:
            parse(line)
        except ValueError:
            continue
        return True
    return False
