"""`lunchbell check` as it is called."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lunchbell.cli.check import check
from lunchbell.settings.places import example_file


def call(path: Path) -> Result:
    """The command with a school's file."""
    return CliRunner().invoke(check, ["--config", str(path)])


def school(folder: Path, *changes: tuple[str, str]) -> Path:
    """The example school with some of its text replaced."""
    text = example_file().read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "lunchbell.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_example_can_be_used() -> None:
    """Exit 0, with what it comes to."""
    done = call(example_file())
    assert done.exit_code == 0
    assert "5 groups;" in done.stdout
    assert "5 of 5 cases hold. It can be used." in done.stdout


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Exit 2, one line a mistake on stderr, each with file and key."""
    done = call(
        school(
            tmp_path,
            ('policy = "waterville-2022" ', 'policy = "riverside" '),
            ('lunch = ["12:05-13:00"]', 'lunch = ["12:05-17:00"]'),
            ('services = ["youtube", "vimeo"]', 'services = ["youtub"]'),
        )
    )
    assert (done.exit_code, done.stdout) == (2, "")
    told = done.stderr.splitlines()
    for words in ("policy", "timetables.teachers.lunch", "teaching.services"):
        assert len([line for line in told if line.startswith(f"lunchbell.toml: {words}")]) == 1, told
    assert "Traceback" not in done.stderr


def test_a_case_that_does_not_hold_is_exit_1(tmp_path: Path) -> None:
    """The files are right, but the policy does not do what the school expects."""
    done = call(
        school(
            tmp_path,
            ('service = "facebook"\noutcome = "permitted"', 'service = "facebook"\noutcome = "not_permitted"'),
        )
    )
    assert done.exit_code == 1
    assert "lunchbell.toml: cases[1]: expects not_permitted, but facebook open by staffroom" in done.stdout
    assert "4 of 5 cases hold. Some do not." in done.stdout


def test_a_group_that_no_case_speaks_of_is_a_warning(tmp_path: Path) -> None:
    """Exit 0 all the same."""
    path = school(tmp_path)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("[[cases]]")], "utf-8")
    done = call(path)
    assert done.exit_code == 0
    for group in ("staffroom", "classrooms", "office", "staff-wifi"):
        assert f"warning: lunchbell.toml: groups.{group}: no policy case speaks of it" in done.stdout
    assert "groups.pupils" not in done.stdout


@pytest.mark.parametrize(
    ("content", "words"), [(None, "none.toml"), (b"policy = ", "none.toml"), (b"\xff\xfe\x00", "none.toml")]
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    """Missing, no TOML, no text: exit 2 and no traceback."""
    path = tmp_path / "none.toml"
    if content is not None:
        path.write_bytes(content)
    done = call(path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_file_the_example_is_checked_and_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that has no lunchbell.toml."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(check, [])
    assert done.exit_code == 0
    assert "using the packaged example school" in done.stderr


def test_the_file_beside_us_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lunchbell.toml in this folder is used without saying anything."""
    school(tmp_path, ('name = "Oakfield Primary School"', 'name = "Elm Primary School"'))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(check, [])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "lunchbell.toml: " in done.stdout
