"""Tokens: shown once, kept as a hash, for one purpose, revocable."""

from collections.abc import Callable

import pytest
from sqlite_utils import Database

from lunchbell.store.schema import open_store
from lunchbell.store.tokens import create_token, list_tokens, revoke_token, token_name


@pytest.fixture
def db() -> Database:
    """An empty store."""
    return open_store(":memory:")


def test_a_token_names_its_feed(db: Database) -> None:
    """Each its own, and none of them guessable from another."""
    gate, hall = (create_token(db, name, "feed", 1) for name in ("gate", "hall"))
    assert [token_name(db, token, "feed") for token in (gate, hall)] == ["gate", "hall"]
    assert len(gate) >= 43
    assert gate != hall


@pytest.mark.parametrize("damage", [str.lower, str.upper, lambda t: t[:-1], lambda t: t + " ", lambda t: ""])
def test_anything_else_names_nothing(db: Database, damage: Callable[[str], str]) -> None:
    """Not a part of a token, nor one in other letters, nor none."""
    token = create_token(db, "gate", "feed", 1)
    assert token_name(db, damage(token), "feed") is None


def test_a_token_is_for_one_purpose(db: Database) -> None:
    """A feed's token opens nothing else."""
    assert token_name(db, create_token(db, "gate", "feed", 1), "extension") is None


def test_the_store_does_not_hold_the_token(db: Database) -> None:
    """Only its hash: a stolen database opens nothing."""
    token = create_token(db, "gate", "feed", 1)
    assert token not in str(list(db.conn.execute("SELECT * FROM tokens")))


def test_a_name_is_given_once(db: Database) -> None:
    """Even after it was revoked: a feed is its token's name."""
    create_token(db, "gate", "feed", 1)
    revoke_token(db, "gate", 2)
    with pytest.raises(ValueError, match='a token "gate" already'):
        create_token(db, "gate", "feed", 3)


def test_a_revoked_token_names_nothing_and_stays_in_the_list(db: Database) -> None:
    """With when it was made and when it ended; the others are untouched."""
    gate, hall = create_token(db, "gate", "feed", 1), create_token(db, "hall", "feed", 2)
    revoke_token(db, "gate", 9)
    assert token_name(db, gate, "feed") is None
    assert token_name(db, hall, "feed") == "hall"
    assert list_tokens(db) == [("gate", "feed", 1, 9), ("hall", "feed", 2, None)]


@pytest.mark.parametrize("times", [0, 1])
def test_only_a_valid_token_is_revoked(db: Database, times: int) -> None:
    """And when it ended is not overwritten."""
    if times:
        create_token(db, "gate", "feed", 1)
        revoke_token(db, "gate", 2)
    with pytest.raises(ValueError, match='no valid token "gate"'):
        revoke_token(db, "gate", 3)
    assert [ended for *_, ended in list_tokens(db)] == [2] * times
