"""`lunchbell summary` as it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.summary.making import row

from lunchbell.cli.summary import summary
from lunchbell.settings.places import example_file
from lunchbell.store.schema import open_store
from lunchbell.store.usage import UsageKey, add_usage


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """One permitted visit at lunch on Monday."""
    path = tmp_path / "lunchbell.db"
    db = open_store(path)
    with db.atomic():
        made = row("mon 12:20")
        add_usage(db, {UsageKey(*made[:11]): (1, 900)})
    db.conn.close()
    return path


def call(*arguments: str | Path) -> Result:
    """The command with the example school's file."""
    return CliRunner().invoke(summary, ["--config", str(example_file()), *map(str, arguments)])


def test_text_is_the_default(database: Path) -> None:
    """On stdout, exit 0."""
    done = call("--db", database, "--week", "2026-W47")
    assert done.exit_code == 0
    assert "The only visit was within what the policy permits." in done.stdout


@pytest.mark.parametrize(("form", "first"), [("html", "<!doctype html>"), ("csv", "school,week"), ("json", "{")])
def test_other_formats(database: Path, tmp_path: Path, form: str, first: str) -> None:
    """To stdout or to a file, the same."""
    shown = call("--db", database, "--week", "2026-W47", "--format", form)
    assert shown.stdout.startswith(first)
    file = tmp_path / "out"
    done = call("--db", database, "--week", "2026-W47", "--format", form, "--output", file)
    assert (done.exit_code, done.output) == (0, "")
    assert file.read_text().startswith(first)


def test_json_can_be_read(database: Path) -> None:
    """With the totals that the text names."""
    done = call("--db", database, "--week", "2026-W47", "--format", "json")
    assert json.loads(done.stdout)["totals"]["visits"] == {"total": 1, "permitted": 1, "approved": 0, "outside": 0}


def test_an_empty_week_is_one_sentence(database: Path) -> None:
    """It is no mistake: exit 0."""
    done = call("--db", database, "--week", "2026-W40")
    assert (done.exit_code, done.stdout) == (0, "Nothing was recorded in week 40, 28 September to 4 October 2026.\n")


@pytest.mark.parametrize("week", ["2026-W60", "47", "last"])
def test_a_bad_week_is_one_sentence(database: Path, week: str) -> None:
    """On stderr, exit 2."""
    done = call("--db", database, "--week", week)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f'week "{week}"' in done.stderr


def test_a_missing_database_is_one_sentence_and_is_not_made(tmp_path: Path) -> None:
    """It says what makes one."""
    done = call("--db", tmp_path / "none.db", "--week", "2026-W47")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "lunchbell serve" in done.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("content", [b"this is no database, it is a letter " * 40, b""])
def test_another_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """One sentence, exit 2, and not a byte changed."""
    path = tmp_path / "letter.db"
    path.write_bytes(content)
    done = call("--db", path, "--week", "2026-W47")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert path.read_bytes() == content


def test_an_output_that_cannot_be_written_is_one_sentence(database: Path, tmp_path: Path) -> None:
    """Such as a folder that is not there."""
    done = call("--db", database, "--week", "2026-W47", "--output", tmp_path / "no" / "out.txt")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "cannot be written" in done.stderr
