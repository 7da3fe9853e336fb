"""`lunchbell token` as it is called."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lunchbell.cli.token import token
from lunchbell.settings.places import example_file
from lunchbell.store.schema import open_store
from lunchbell.store.tokens import token_name


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """The example school in a folder of its own."""
    path = tmp_path / "lunchbell.toml"
    path.write_text(example_file().read_text("utf-8"), "utf-8")
    return path


def call(school: Path, *arguments: str | Path) -> Result:
    """The command with a school's file."""
    return CliRunner().invoke(token, [*map(str, arguments), "--config", str(school)])


def name_of(school: Path, written: str) -> str | None:
    """What the store calls a token."""
    return token_name(open_store(school.parent / "lunchbell.db"), written.strip(), "feed")


def test_a_new_token_is_shown_once_and_works(school: Path) -> None:
    """The list has its name, never its value."""
    made = call(school, "new", "gate")
    assert (made.exit_code, made.stderr) == (0, "")
    assert name_of(school, made.stdout) == "gate"
    listed = call(school, "list")
    assert listed.stdout.startswith("gate  feed  made ")
    assert listed.stdout.endswith("  valid\n")
    assert made.stdout.strip() not in listed.stdout
    assert made.stdout.strip().encode() not in (school.parent / "lunchbell.db").read_bytes()


def test_a_token_in_a_file_is_readable_by_its_owner_alone(school: Path, tmp_path: Path) -> None:
    """And it is not shown as well."""
    path = tmp_path / "gate.token"
    made = call(school, "new", "gate", "--output", path)
    assert (made.exit_code, made.stdout) == (0, f"The token of gate is in {path}.\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert name_of(school, path.read_text()) == "gate"


def test_a_revoked_token_is_over_at_once(school: Path) -> None:
    """It stays in the list, so that its name is not used again."""
    made = call(school, "new", "gate")
    done = call(school, "revoke", "gate")
    assert (done.exit_code, done.stdout) == (0, "The token of gate is no longer accepted.\n")
    assert name_of(school, made.stdout) is None
    assert "revoked 20" in call(school, "list").stdout


def refused(done: Result, words: str, code: int = 2) -> None:
    """One sentence on stderr that holds `words`."""
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert words in done.stderr


@pytest.mark.parametrize("times", [0, 1])
def test_a_token_that_is_not_valid_cannot_be_revoked(school: Path, times: int) -> None:
    """Never made, or revoked before: it ran, and the answer is bad."""
    if times:
        call(school, "new", "gate")
        call(school, "revoke", "gate")
    refused(call(school, "revoke", "gate"), 'there is no valid token "gate"', code=1)


def test_a_name_is_used_once(school: Path, tmp_path: Path) -> None:
    """A feed is its token's name, so a second one would be the same feed; no file is left behind either."""
    call(school, "new", "gate")
    refused(call(school, "new", "gate"), 'there is a token "gate" already')
    refused(call(school, "new", "gate", "--output", tmp_path / "gate.token"), 'there is a token "gate" already')
    assert not (tmp_path / "gate.token").exists()


def test_a_file_that_is_there_is_left_as_it_is(school: Path, tmp_path: Path) -> None:
    """It may hold the token in use."""
    path = tmp_path / "gate.token"
    path.write_text("in use")
    refused(call(school, "new", "gate", "--output", path), "there is a file of that name already")
    assert path.read_text() == "in use"


def test_a_token_whose_file_cannot_be_written_is_not_made(school: Path, tmp_path: Path) -> None:
    """Else its name would be taken, and nobody would have it."""
    refused(call(school, "new", "gate", "--output", tmp_path / "no" / "gate.token"), "cannot be written")
    assert call(school, "list").stdout == ""
    assert call(school, "new", "gate").exit_code == 0


@pytest.mark.parametrize("arguments", [("new", "gate"), ("list",), ("revoke", "gate")])
def test_a_database_that_cannot_be_used_is_one_sentence(school: Path, arguments: tuple[str, ...]) -> None:
    """It names the file and why."""
    (school.parent / "lunchbell.db").write_bytes(b"this is no database, it is a letter " * 40)
    refused(call(school, *arguments), "lunchbell.db: cannot be used as Lunchbell's database")


def test_a_wrong_school_file_is_told(tmp_path: Path) -> None:
    """Before anything is made."""
    path = tmp_path / "lunchbell.toml"
    path.write_text("policy = 3\n")
    done = call(path, "new", "gate")
    assert done.exit_code == 2
    assert not (tmp_path / "lunchbell.db").exists()
