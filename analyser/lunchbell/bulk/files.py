"""A log file as numbered lines, plain or gzip, never more of it in memory than one line."""

import gzip
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

LONGEST_LINE = 1024 * 1024
PREFIX = 64 * 1024


class Line(NamedTuple):
    """One line: its number from 1, where it begins and ends (decompressed bytes), its text (None: too long)."""

    number: int
    start: int
    end: int
    text: bytes | None


def open_log(path: Path) -> BinaryIO:
    """A log open for reading, decompressed; OSError if it cannot be."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")


def prefix_hash(path: Path, size: int) -> tuple[str, int]:
    """(hash, length) of the first `size` decompressed bytes, or of all if there are fewer."""
    with open_log(path) as log:
        start = log.read(size)
    return sha256(start).hexdigest(), len(start)


def lines(path: Path, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """Lines that are neither empty nor comments, from `offset` on, where `number` lines lie before.

    Where `offset` is inside a line, because the file ended there without a newline, the rest of that line is skipped.
    """
    with open_log(path) as log:
        at = offset
        if offset:
            log.seek(offset - 1)
            if log.read(1) != b"\n":
                at += len(log.readline())
        while text := log.readline(LONGEST_LINE):
            start = at
            at += len(text)
            whole = text.endswith(b"\n") or len(text) < LONGEST_LINE
            while not whole and (rest := log.readline(LONGEST_LINE)):
                at += len(rest)
                whole = rest.endswith(b"\n")
                text = b""
            if text and (text.isspace() or text.startswith(b"#")):
                continue
            number += 1
            yield Line(number, start, at, text or None)
