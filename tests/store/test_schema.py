"""The tables: made from nothing, migrated once, kept."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from lunchbell.store.schema import StoreError, migrate, open_store
from lunchbell.store.tokens import create_token, list_tokens

TABLES = {"usage", "published", "feeds", "rejected", "imports", "tokens"}


def columns(db: Database, table: str) -> list[str]:
    """The names of a table's columns, in order."""
    return [row[1] for row in db.conn.execute(f'PRAGMA table_info("{table}")')]


def test_an_empty_file_gets_every_table(tmp_path: Path) -> None:
    """By the migrations alone, each of which is noted."""
    db = open_store(tmp_path / "lunchbell.db")
    assert set(db.table_names()) >= TABLES
    assert columns(db, "usage") == [
        "minute", "source", "group", "subject", "service", "activity", "period", "network", "outcome", "rule",
        "policy", "requests", "bytes",
    ]  # fmt: skip
    assert not migrate.pending(db)


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    """The tables and what is in them stay, and no migration runs again."""
    first = open_store(tmp_path / "lunchbell.db")
    create_token(first, "gate", "feed", 5)
    before = [applied.name for applied in migrate.applied(first)]
    first.conn.close()
    second = open_store(tmp_path / "lunchbell.db")
    assert [applied.name for applied in migrate.applied(second)] == before
    assert list_tokens(second) == [("gate", "feed", 5, None)]


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """What it holds is kept: an upgrade never costs a school its figures."""
    path = tmp_path / "lunchbell.db"
    old = Database(path)
    migrate.apply(old, stop_before="m002_gaps")
    create_token(old, "gate", "feed", 5)
    old.conn.close()
    db = open_store(path)
    assert not migrate.pending(db)
    assert list_tokens(db) == [("gate", "feed", 5, None)]


def test_what_is_committed_survives_a_power_cut(tmp_path: Path) -> None:
    """Write-ahead log, and a sync at each commit; readers do not wait for the writer."""
    db = open_store(tmp_path / "lunchbell.db")
    assert db.conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.conn.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_word_in_a_column_of_numbers_is_refused(tmp_path: Path) -> None:
    """The tables are strict, so a mistake of ours is noticed where it is made."""
    db = open_store(":memory:")
    with pytest.raises(sqlite3.IntegrityError):
        db.conn.execute("INSERT INTO feeds VALUES ('gate', 'e', 'many', 0)")


@pytest.mark.parametrize("name", ["no/such/folder.db", "."])
def test_a_place_that_holds_no_file_is_told(tmp_path: Path, name: str) -> None:
    """In words that name it."""
    with pytest.raises(StoreError, match="cannot be used as Lunchbell's database"):
        open_store(tmp_path / name)


def test_another_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    """A letter does not become a database."""
    path = tmp_path / "letter.db"
    path.write_bytes(b"this is no database, it is a letter " * 40)
    with pytest.raises(StoreError, match=r"letter\.db: cannot be used"):
        open_store(path)
    assert path.read_bytes() == b"this is no database, it is a letter " * 40
