"""Logs into the store: each request once, however often and however packed its log comes."""

from pathlib import Path

import pytest
from sqlite_utils import Database
from tests.bulk.making import Request, counted, key_of, log_of, packed, school, usage_in, written

from lunchbell.bulk import importer
from lunchbell.bulk.files import PREFIX
from lunchbell.bulk.importer import UnreadableLogError, import_log
from lunchbell.bulk.rollup import Rollup
from lunchbell.store.schema import open_store

DAY = [Request(at=1_794_821_400_000 + 30_000 * n, client=f"10.40.1.{n % 200}", size=n) for n in range(40)]
LONG = [Request(at=1_794_821_400_000 + 5_000 * n, client=f"10.40.1.{n % 200}", size=n) for n in range(1_500)]


@pytest.fixture
def db() -> Database:
    """An empty store."""
    return open_store(":memory:")


def load(path: Path, db: Database | None, **options: object) -> Rollup:
    """Import into the store, by the example school."""
    return import_log(path, school(), key=key_of, db=db, **options)  # type: ignore[arg-type]


def requests_in(db: Database) -> int:
    """How many requests the store has counted."""
    return sum(requests for requests, _ in usage_in(db).values())


@pytest.mark.parametrize("day", [DAY, LONG], ids=["shorter than its remembered beginning", "longer"])
def test_the_same_log_again_changes_nothing(tmp_path: Path, db: Database, day: list[Request]) -> None:
    """Under its own name, under another, plain, packed and packed harder."""
    content = log_of(day)
    assert load(written(tmp_path, "access.log", content), db).read == len(day)
    before = usage_in(db)
    for name, again in {
        "access.log": content,
        "access.log.1": content,
        "access.log.1.gz": packed(content),
        "access.log.2.gz": packed(content, 1),
        "two-parts.gz": packed(content[:1000]) + packed(content[1000:]),
    }.items():
        assert load(written(tmp_path, name, again), db).lines == 0
        assert usage_in(db) == before


@pytest.mark.parametrize("day", [DAY, LONG], ids=["shorter than its remembered beginning", "longer"])
def test_a_log_that_grows_adds_what_is_new(tmp_path: Path, db: Database, day: list[Request]) -> None:
    """Import after import, ending with its packed copy, every request is counted once."""
    for end in (1, 3, len(day) // 2, len(day)):
        load(written(tmp_path, "access.log", log_of(day[:end])), db)
        assert requests_in(db) == end
    assert load(written(tmp_path, "access.log.1.gz", packed(log_of(day))), db).lines == 0
    assert requests_in(db) == len(day)


def test_a_last_line_that_lacked_its_newline_is_counted_once(tmp_path: Path, db: Database) -> None:
    """It was whole, and grew a newline and another line."""
    load(written(tmp_path, "access.log", log_of(DAY[:3]).rstrip(b"\n")), db)
    assert requests_in(db) == 3
    assert load(written(tmp_path, "access.log", log_of(DAY[:4])), db).read == 1
    assert requests_in(db) == 4


def test_a_last_line_that_was_cut_off_is_rejected_and_not_read_as_two(tmp_path: Path, db: Database) -> None:
    """Its rest, which came later, is not taken for a line of its own."""
    first = load(written(tmp_path, "access.log", log_of(DAY[:3])[:-60]), db)
    assert (first.read, [line.number for line in first.rejected]) == (2, [3])
    second = load(written(tmp_path, "access.log", log_of(DAY[:5])), db)
    assert (second.read, second.rejected) == (2, [])


def test_line_numbers_go_on_where_the_last_import_ended(tmp_path: Path, db: Database) -> None:
    """So that a rejected line can be found."""
    load(written(tmp_path, "access.log", log_of(DAY[:3])), db)
    grown = load(written(tmp_path, "access.log", log_of(DAY[:4]) + b"damaged\n"), db)
    assert [line.number for line in grown.rejected] == [5]


def test_two_logs_with_the_same_first_line_both_count_whole(tmp_path: Path, db: Database) -> None:
    """A comment that both begin with, imported before there was anything else, makes them no single log."""
    head = b"# Oakfield's proxy\n" + DAY[0].line.replace(b"facebook", b"bbc")
    load(written(tmp_path, "a.log", head), db)
    load(written(tmp_path, "a.log", head + log_of(DAY[:9])), db)
    load(written(tmp_path, "b.log", head + log_of(DAY[20:26])), db)
    assert requests_in(db) == 15


def test_an_empty_log_is_the_beginning_of_no_other(tmp_path: Path, db: Database) -> None:
    """A log that was rotated a moment ago says nothing about the next one."""
    load(written(tmp_path, "empty.log", b""), db)
    load(written(tmp_path, "a.log", log_of(DAY[:20])), db)
    load(written(tmp_path, "b.log", log_of(DAY[20:])), db)
    assert requests_in(db) == 40


def test_two_long_logs_are_told_apart(tmp_path: Path, db: Database) -> None:
    """Their beginnings differ, so each counts."""
    assert len(log_of(LONG)) > PREFIX
    load(written(tmp_path, "a.log", log_of(LONG)), db)
    load(written(tmp_path, "b.log", log_of(LONG[::-1])), db)
    assert requests_in(db) == 2 * len(LONG)


def test_a_days_log_is_the_same_in_two_parts(tmp_path: Path) -> None:
    """Whether it comes whole, as two files, or as one that grew."""
    whole, parts, grown = (open_store(":memory:") for _ in range(3))
    load(written(tmp_path, "whole", log_of(LONG)), whole)
    load(written(tmp_path, "part.1", log_of(LONG[:777])), parts)
    load(written(tmp_path, "part.2.gz", packed(log_of(LONG[777:]))), parts)
    load(written(tmp_path, "grown", log_of(LONG[:777])), grown)
    load(written(tmp_path, "grown", log_of(LONG)), grown)
    assert usage_in(whole) == usage_in(parts) == usage_in(grown)
    assert requests_in(whole) == counted(LONG).requests.total()


def test_a_log_read_without_a_store_is_counted_each_time(tmp_path: Path) -> None:
    """Nothing is remembered, and nothing written beside it."""
    path = written(tmp_path, "access.log", log_of(DAY))
    assert [load(path, None).read for _ in range(2)] == [40, 40]
    assert [p.name for p in tmp_path.iterdir()] == ["access.log"]


def test_a_damaged_line_costs_only_itself(tmp_path: Path, db: Database) -> None:
    """It is kept aside by number and reason; a line over a megabyte as well."""
    content = DAY[0].line + b"damaged\n" + DAY[1].line + b"a" * 2_000_000 + b"\n" + DAY[2].line
    found = load(written(tmp_path, "access.log", content), db)
    assert (found.read, found.lines) == (3, 5)
    assert found.rejected == [
        (2, len(DAY[0].line), "1 fields, not the 10 of Squid's native format"),
        (4, len(DAY[0].line + b"damaged\n" + DAY[1].line), "longer than a megabyte"),
    ]


@pytest.mark.parametrize("cut", [30, 400])
def test_a_gzip_that_breaks_off_is_one_sentence_and_stores_nothing(
    tmp_path: Path, db: Database, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either all of a log is kept or nothing, however much of it was on its way to the store."""
    monkeypatch.setattr(importer, "FLUSH", 7)
    whole = packed(log_of(LONG))
    with pytest.raises(UnreadableLogError, match=r"access\.log\.gz: cannot be read \(.+\); check the file$"):
        load(written(tmp_path, "access.log.gz", whole[:-cut]), db)
    assert usage_in(db) == {}
    assert load(written(tmp_path, "access.log.gz", whole), db).read == len(LONG)


def test_a_damaged_gzip_is_one_sentence_and_stores_nothing(tmp_path: Path, db: Database) -> None:
    """A wrong byte somewhere inside, wherever gzip first notices it."""
    whole = packed(log_of(LONG))
    for at in range(12, len(whole), len(whole) // 20):
        damaged = bytearray(whole)
        damaged[at] ^= 0x5A
        with pytest.raises(UnreadableLogError):
            load(written(tmp_path, "access.log.gz", bytes(damaged)), db, detect=False)
        assert usage_in(db) == {}


@pytest.mark.parametrize(
    "content",
    [
        b'10.40.1.17 - - [16/Nov/2026:12:20:00 +0000] "GET / HTTP/1.1" 200 5\n' * 3,
        bytes(range(256)) * 40,
        b"\x7fELF" + bytes(5000),
    ],
    ids=["another format", "binary", "a program"],
)
def test_another_format_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    """Unless the caller says that it is Squid's: then each line is rejected."""
    path = written(tmp_path, "access.log", content)
    with pytest.raises(UnreadableLogError, match="is not Squid's native log"):
        load(path, None)
    forced = load(path, None, detect=False)
    assert (forced.read, forced.lines > 0) == (0, True)


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path, name: str) -> None:
    """It names the path and why."""
    with pytest.raises(UnreadableLogError, match=r"cannot be read \((No such file|Is a directory)"):
        load(tmp_path / name, None)
