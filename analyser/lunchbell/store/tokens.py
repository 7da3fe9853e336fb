"""Tokens of feeds and extensions: shown once, kept as a hash, revocable."""

import secrets
from hashlib import sha256

from sqlite_utils import Database


def create_token(db: Database, name: str, purpose: str, now: int) -> str:
    """A new token; ValueError if the name is taken."""
    if db.conn.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
        raise ValueError(f'there is a token "{name}" already; revoke it and choose another name')
    token = secrets.token_urlsafe(32)
    with db.atomic():
        db.conn.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, NULL)", (_hash(token), name, purpose, now))
    return token


def token_name(db: Database, token: str, purpose: str) -> str | None:
    """The name of a valid token for a purpose, or None."""
    row = db.conn.execute(
        "SELECT name FROM tokens WHERE hash = ? AND purpose = ? AND revoked IS NULL", (_hash(token), purpose)
    ).fetchone()
    return str(row[0]) if row else None


def list_tokens(db: Database) -> list[tuple[str, str, int, int | None]]:
    """(name, purpose, created, revoked) of every token; times in milliseconds UTC."""
    return list(db.conn.execute("SELECT name, purpose, created, revoked FROM tokens ORDER BY created, name"))


def revoke_token(db: Database, name: str, now: int) -> None:
    """End a token; ValueError if there is none of that name that is valid."""
    with db.atomic():
        changed = db.conn.execute("UPDATE tokens SET revoked = ? WHERE name = ? AND revoked IS NULL", (now, name))
    if not changed.rowcount:
        raise ValueError(f'there is no valid token "{name}"; see them with: lunchbell token list')


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
