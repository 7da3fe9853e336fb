"""Which logs are in the store, by how they begin."""

from hashlib import sha256

import pytest
from sqlite_utils import Database

from lunchbell.store.imports import Import, find_import, keep_import
from lunchbell.store.schema import open_store


@pytest.fixture
def db() -> Database:
    """An empty store."""
    return open_store(":memory:")


def keep(db: Database, content: bytes, size: int, first: int | None = None, last: int | None = None) -> Import:
    """Note that a log is in the store, under its first `size` bytes."""
    done = Import(sha256(content[:size]).hexdigest(), size, len(content), content.count(b"\n"), first, last)
    with db.atomic():
        keep_import(db, done)
    return done


def find(db: Database, content: bytes) -> Import | None:
    """The import that a log continues."""
    return find_import(db, lambda size: (sha256(content[:size]).hexdigest(), len(content[:size])))


def test_a_new_log_is_not_found(db: Database) -> None:
    """Neither in an empty store nor beside others."""
    assert find(db, b"one\n") is None
    keep(db, b"two\n", 4)
    assert find(db, b"one\n") is None


def test_a_log_is_found_by_its_beginning(db: Database) -> None:
    """As it was, and grown."""
    done = keep(db, b"one\ntwo\n", 4)
    assert find(db, b"one\ntwo\n") == find(db, b"one\ntwo\nthree\n") == done


def test_a_log_shorter_than_the_remembered_beginning_is_another(db: Database) -> None:
    """Its hash would be of less."""
    keep(db, b"one\ntwo\n", 8)
    assert find(db, b"one\n") is None


def test_the_longest_beginning_decides(db: Database) -> None:
    """It says most about which log this is."""
    keep(db, b"one\n", 4)
    longer = keep(db, b"one\ntwo\n", 8)
    assert find(db, b"one\ntwo\nthree\n") == longer


def test_a_log_that_grew_keeps_its_first_and_its_last_instant(db: Database) -> None:
    """The offset moves on; the span only widens, and a part without social requests leaves it."""
    for content, first, last in ((b"one\n", 50, 60), (b"one\ntwo\n", None, None), (b"one\ntwo\nthree\n", 40, 55)):
        keep(db, content, 4, first, last)
    found = find(db, b"one\n")
    assert found
    assert (found.offset, found.lines, found.first, found.last) == (14, 3, 40, 60)
