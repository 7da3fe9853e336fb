"""`lunchbell init` as it is called."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lunchbell.cli.check import check
from lunchbell.cli.init import init
from lunchbell.settings.places import config_dir

SHIPPED = sorted(path.stem for path in (config_dir() / "policies").glob("*.toml"))


def call(output: Path, school: str = "Elm Primary School", policy: str = "waterville-2022") -> Result:
    """The command, answered by options."""
    return CliRunner().invoke(init, ["--school", school, "--policy", policy, "--output", str(output)])


@pytest.mark.parametrize("policy", SHIPPED)
def test_what_it_writes_can_be_used(tmp_path: Path, policy: str) -> None:
    """With every shipped policy, `check` finds no mistake in it and every case holds."""
    path = tmp_path / "lunchbell.toml"
    done = call(path, policy=policy)
    assert done.exit_code == 0
    assert f"lunchbell check --config {path}" in done.stdout
    assert CliRunner().invoke(check, ["--config", str(path)]).exit_code == 0
    written = tomllib.loads(path.read_text("utf-8"))
    assert (written["policy"], written["school"]["name"]) == (policy, "Elm Primary School")


def test_it_asks_for_what_is_not_given(tmp_path: Path) -> None:
    """The school's name and its policy, with a default for the latter."""
    path = tmp_path / "lunchbell.toml"
    done = CliRunner().invoke(init, ["--output", str(path)], input="Ysgol Tŷ Gwyn\n\n")
    assert done.exit_code == 0
    written = tomllib.loads(path.read_text("utf-8"))
    assert (written["policy"], written["school"]["name"]) == ("waterville-2022", "Ysgol Tŷ Gwyn")


def test_a_policy_of_the_schools_own(tmp_path: Path) -> None:
    """A path, relative to the file that is written."""
    (tmp_path / "ours.toml").write_bytes((config_dir() / "policies" / "wivelsfield.toml").read_bytes())
    path = tmp_path / "lunchbell.toml"
    assert call(path, policy="ours.toml").exit_code == 0
    assert tomllib.loads(path.read_text("utf-8"))["policy"] == "ours.toml"
    assert CliRunner().invoke(check, ["--config", str(path)]).exit_code == 0


def refused(done: Result, words: str) -> None:
    """One sentence on stderr that holds `words`, exit 2."""
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """The school's own work is in it."""
    path = tmp_path / "lunchbell.toml"
    path.write_text("ours")
    refused(call(path), "there is a file of that name already")
    assert path.read_text() == "ours"


def test_an_unknown_policy_is_told_with_those_there_are(tmp_path: Path) -> None:
    """And no file is written."""
    refused(call(tmp_path / "lunchbell.toml", policy="riverside"), "use one of model-preamble, newall-green-2023")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ['Elm "Primary"', "Elm\\", "Elm\nPrimary", "Elm\x07", "Elm\x7f"])
def test_a_name_that_would_break_the_file_is_refused(tmp_path: Path, name: str) -> None:
    """Quotes, backslashes, line breaks and control characters."""
    refused(call(tmp_path / "lunchbell.toml", school=name), "--school")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """In one sentence."""
    refused(call(tmp_path / "no" / "lunchbell.toml"), "cannot be written")
