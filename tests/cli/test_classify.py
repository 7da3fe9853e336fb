"""`lunchbell classify`: one answer for each input, from arguments or from stdin."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from tests.settings.files import Files

from lunchbell.cli.main import main


def run(*words: str, lines: str | bytes | None = None) -> Result:
    """The command as it is typed; a traceback is a failure."""
    result = CliRunner().invoke(main, ["classify", *words], input=lines)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def answers(result: Result) -> list[dict[str, Any]]:
    """What it said, as JSON."""
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_contract_s_keys_and_values() -> None:
    """Input, service and kind, a line each, in order; null where it is no social media."""
    inputs = ["www.facebook.com", "https://en.wikipedia.org/wiki/Lewes", "netflix.com", "T.CO:443"]
    assert answers(run(*inputs, "--json")) == [
        {"input": "www.facebook.com", "service": "facebook", "kind": "social_network"},
        {"input": "https://en.wikipedia.org/wiki/Lewes", "service": "wikipedia", "kind": "encyclopaedia"},
        {"input": "netflix.com", "service": None, "kind": None},
        {"input": "T.CO:443", "service": "x", "kind": "microblog"},
    ]


def test_stdin_where_no_input_is_given() -> None:
    """A line each; blank lines and spaces around are nothing, Windows line ends too."""
    found = answers(run("--json", lines="x.com\r\n\n  facebook.com  \nmünchen.example"))
    assert [(answer["input"], answer["service"]) for answer in found] == [
        ("x.com", "x"),
        ("facebook.com", "facebook"),
        ("münchen.example", None),
    ]


def test_arguments_beat_stdin() -> None:
    """What is typed is what was asked."""
    assert [answer["input"] for answer in answers(run("--json", "x.com", lines="facebook.com\n"))] == ["x.com"]


def test_for_a_person() -> None:
    """A sentence each."""
    result = run("x.com", "bank.example")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "x.com: X (x, microblog)",
        "bank.example: not social media that Lunchbell knows",
    ]


def test_nothing_at_all() -> None:
    """No input, no answer."""
    assert answers(run("--json", lines="")) == []


def test_an_option_that_does_not_exist() -> None:
    """The call is wrong: exit 2 and a sentence."""
    result = run("--jason")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--jason" in result.stderr


def test_a_damaged_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake on stderr, exit 2, no traceback; the school's own file is not needed."""
    files = Files(tmp_path)
    monkeypatch.setattr("lunchbell.settings.config_dir", lambda: files.root / "config")
    (files.root / "lunchbell.toml").unlink()
    assert [answer["service"] for answer in answers(run("chirp.com", "--json"))] == ["chirp"]
    files.change("config/services/chirp.toml", "microblog", "micro")
    files.change("config/services/tube.toml", "tube.com", "com")
    result = run("chirp.com")
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.partition(" = ")[0] for line in result.stderr.splitlines()] == [
        "services/chirp.toml: kind",
        "services/tube.toml: domains",
    ]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=40),
        min_size=1,
        max_size=5,
    )
)
def test_any_input_is_answered(tmp_path_factory: pytest.TempPathFactory, inputs: list[str]) -> None:
    """One line each, whatever it holds."""
    files = Files(tmp_path_factory.getbasetemp() / "catalogue")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lunchbell.settings.config_dir", lambda: files.root / "config")
        found = answers(run("--json", "--", *inputs))
    assert [answer["input"] for answer in found] == inputs


def test_input_that_is_not_utf8_is_answered() -> None:
    """A log cut at random may hold any bytes: each line gets its answer."""
    done = CliRunner().invoke(main, ["classify", "--json"], input=b"\xff\xfe.example\nx.com\n")
    assert done.exit_code == 0
    assert [json.loads(line)["service"] for line in done.stdout.splitlines()] == [None, "x"]
