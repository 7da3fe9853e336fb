"""Log files as numbered lines."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.bulk.making import packed, written

from lunchbell.bulk.files import LONGEST_LINE, Line, lines, prefix_hash


def texts(path: Path, offset: int = 0, number: int = 0) -> list[tuple[int, bytes | None]]:
    """Numbers and texts, without the line ends."""
    return [(line.number, line.text and line.text.rstrip()) for line in lines(path, offset, number)]


@pytest.mark.parametrize("pack", [bytes, packed])
def test_comments_and_blank_lines_are_not_lines(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """They are neither numbered nor given, in a plain file and in a gzip one."""
    path = written(tmp_path, "log", pack(b"#Software: x\n\none\n   \n# two\nthree # no comment\n"))
    assert texts(path) == [(1, b"one"), (2, b"three # no comment")]


def test_windows_line_ends(tmp_path: Path) -> None:
    """CRLF ends a line, and a lone CRLF is a blank one."""
    assert texts(written(tmp_path, "log", b"one\r\n\r\ntwo\r\n")) == [(1, b"one"), (2, b"two")]


def test_the_last_line_needs_no_newline(tmp_path: Path) -> None:
    """It ends where the file does."""
    assert list(lines(written(tmp_path, "log", b"one\ntwo"))) == [Line(1, 0, 4, b"one\n"), Line(2, 4, 7, b"two")]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    """As a log just after it was rotated."""
    assert texts(written(tmp_path, "log", b"")) == []


@pytest.mark.parametrize("pack", [bytes, packed])
def test_reading_resumes_at_the_end_of_any_line(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """From where a line ended on come exactly the lines after it, with their numbers."""
    path = written(tmp_path, "log", pack(b"# head\none\n\ntwo\r\nthree\n# foot\nfour"))
    whole = list(lines(path))
    assert [line.number for line in whole] == [1, 2, 3, 4]
    for line in whole:
        assert list(lines(path, line.end, line.number)) == whole[line.number :]


def test_resuming_inside_a_line_skips_the_rest_of_it(tmp_path: Path) -> None:
    """The file ended there without a newline, so the beginning was read as a line already."""
    path = written(tmp_path, "log", b"one\ntwo, which grew\nthree\n")
    assert texts(path, offset=7, number=2) == [(3, b"three")]


def test_resuming_where_only_the_newline_was_missing_skips_nothing_else(tmp_path: Path) -> None:
    """The last line was whole but for its end."""
    assert texts(written(tmp_path, "log", b"one\ntwo\nthree\n"), offset=7, number=2) == [(3, b"three")]


def test_a_file_that_became_shorter_has_nothing_new(tmp_path: Path) -> None:
    """An offset beyond the end gives no lines."""
    assert texts(written(tmp_path, "log", b"one\n"), offset=400, number=30) == []


def test_a_line_over_a_megabyte_is_given_as_too_long_and_the_next_one_whole(tmp_path: Path) -> None:
    """Its text is left out; its number and its end are right."""
    path = written(tmp_path, "log", b"one\n" + b"a" * (3 * LONGEST_LINE + 5) + b"\ntwo\n")
    assert texts(path) == [(1, b"one"), (2, None), (3, b"two")]
    assert [line.end for line in lines(path)] == [4, 4 + 3 * LONGEST_LINE + 6, 4 + 3 * LONGEST_LINE + 10]


@pytest.mark.parametrize("size", [LONGEST_LINE - 1, LONGEST_LINE])
def test_a_line_of_a_megabyte_is_still_read(tmp_path: Path, size: int) -> None:
    """The limit is on what lies beyond it."""
    assert texts(written(tmp_path, "log", b"a" * size)) == [(1, b"a" * size)]


def test_an_endless_line_is_never_held(tmp_path: Path) -> None:
    """60 megabytes without a newline, packed into some kilobytes, take a few megabytes to pass over."""
    path = written(tmp_path, "log.gz", packed(b"a" * 60_000_000, 1))
    tracemalloc.start()
    try:
        assert [line.text for line in lines(path)] == [None]
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_beginning_is_the_same_plain_or_packed(tmp_path: Path) -> None:
    """The hash is of what the log says, however it is stored."""
    plain = written(tmp_path, "log", b"x" * 1000)
    assert prefix_hash(plain, 500) == prefix_hash(written(tmp_path, "log.gz", packed(b"x" * 1000, 9)), 500)
    assert prefix_hash(plain, 500)[1] == 500
    assert prefix_hash(plain, 5000)[1] == 1000
    assert prefix_hash(plain, 500)[0] != prefix_hash(plain, 5000)[0]
