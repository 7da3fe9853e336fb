"""`lunchbell explain`: its JSON is a contract, its errors are sentences, and nothing shows a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from tests.settings.files import Files

from lunchbell.cli.main import main
from lunchbell.settings.places import example_file

KEYS = [
    "at",
    "period",
    "group",
    "service",
    "kind",
    "activity",
    "evidence",
    "outcome",
    "rule",
    "clause",
    "policy",
    "until",
]
LUNCH = "2026-11-16T12:20"
CLIENT = "10.40.1.17"
CHIRP = "https://chirp.com/home"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the settings' tests, beside a small catalogue, in a folder that the tests here share."""
    return Files(tmp_path_factory.mktemp("school")).root / "lunchbell.toml"


def run(school: Path, *words: str, lines: str | bytes | None = None) -> Result:
    """The command as it is typed, with the catalogue beside the file; a traceback is a failure."""
    with pytest.MonkeyPatch.context() as patch:
        if (catalogue := school.parent / "config").is_dir():
            patch.setattr("lunchbell.settings.config_dir", lambda: catalogue)
        result = CliRunner().invoke(main, ["explain", *words, "--config", str(school)], input=lines)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert "Traceback" not in result.output
    return result


def asked(school: Path, *words: str) -> dict[str, Any]:
    """The JSON answer about chirp's home page at lunch, from the staff room, unless words say otherwise."""
    given = dict(zip(words[::2], words[1::2], strict=True))
    usual = {"--at": LUNCH, "--client": CLIENT, "--url": CHIRP, "--dest": "document", "--site": "none"}
    result = run(school, *(word for pair in (usual | given).items() for word in pair), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(result.stdout)
    assert list(answer) == KEYS
    return answer


def test_the_contract_s_keys_and_values(school: Path) -> None:
    """All of them, in their order, as plain values."""
    answer = asked(school)
    assert answer.pop("policy").startswith("lunch-only@")
    assert answer == {
        "at": "2026-11-16T12:20:00+00:00",
        "period": "lunch",
        "group": "staffroom",
        "service": "chirp",
        "kind": "microblog",
        "activity": "open",
        "evidence": "opened",
        "outcome": "permitted",
        "rule": "the-rest",
        "clause": "4.1",
        "until": "2026-11-16T13:05:00+00:00",
    }


def test_what_is_no_social_media_is_not_judged(school: Path) -> None:
    """Nothing decided, so everything that would have is null; the period is still told."""
    answer = asked(school, "--url", "https://www.gov.uk/")
    assert answer.pop("policy").startswith("lunch-only@")
    assert answer == {
        "at": "2026-11-16T12:20:00+00:00",
        "period": "lunch",
        "group": "staffroom",
        "outcome": "not_covered",
        **dict.fromkeys(["service", "kind", "activity", "evidence", "rule", "clause", "until"]),
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["--at", "2026-11-16T11:00"],
            {"period": "work", "outcome": "not_permitted", "until": "2026-11-16T12:05:00+00:00"},
        ),
        (["--at", "2026-07-01T11:00"], {"at": "2026-07-01T11:00:00+01:00", "period": "closed", "until": None}),
        (["--at", "2026-11-16T13:20+01:00"], {"at": "2026-11-16T12:20:00+00:00"}),
        (["--at", "2026-11-16T11:00", "--user", "j.okafor"], {"outcome": "approved", "clause": "4.1"}),
        (["--at", "2026-11-16T11:00", "--user", "OAKFIELD\\Comms"], {"outcome": "permitted", "rule": "official"}),
        (
            ["--client", "10.40.9.44", "--method", "CONNECT", "--url", "chirp.com:443", "--dest", ""],
            {"activity": "contact"},
        ),
        (["--client", "fd40:1::7"], {"group": "staffroom"}),
        (["--dest", "iframe", "--site", "cross-site"], {"activity": "embedded", "evidence": "contact", "clause": None}),
        (["--dest", "", "--site", "", "--origin", "https://news.example/"], {"activity": "embedded"}),
        (["--dest", "", "--site", ""], {"activity": "open"}),
        (["--method", "post", "--url", "https://chirp.com/api/post", "--form", "text=hi"], {"evidence": "published"}),
        (
            ["--method", "POST", "--url", "https://chirp.com/api/post", "--form", "text=hi&draft=1"],
            {"activity": "open"},
        ),
        (["--method", "POST", "--url", "https://chirp.com/api/post", "--form", ' {"text": 1} '], {"activity": "open"}),
        (["--url", "chirp.com/share?u=https://bank.example/"], {"service": "chirp"}),
        (
            ["--url", "https://wiki.oakfield.example/x/edit", "--method", "POST"],
            {"service": "wikiware", "activity": "edit"},
        ),
        (["--url", "https://tube.com/"], {"outcome": "permitted", "rule": "teaching", "clause": None}),
        (["--policy", "lunch-only"], {"rule": "the-rest"}),
        (["--network", "elsewhere"], {"outcome": "permitted"}),
    ],
)
def test_each_option_counts(school: Path, words: list[str], expected: dict[str, Any]) -> None:
    """Time, device, person, network, request and policy."""
    answer = asked(school, *words)
    assert {key: answer[key] for key in expected} == expected


def test_for_a_person_it_reads_as_sentences(school: Path) -> None:
    """What time it is, what was done, what the clause says, when it changes and which rule decided."""
    result = run(school, "--at", "2026-11-16T11:00", "--client", CLIENT, "--url", CHIRP)
    assert result.exit_code == 0
    text = result.stdout
    for part in (
        "11:00 on Monday 16 November 2026",
        "Chirp",
        "clause 4.1",
        "At lunch and after work.",
        "12:05",
        "chirp-in-work",
    ):
        assert part in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--at", ""], "--at is missing. Try: "),
        (["--client", ""], "--client is missing. Try: "),
        (["--url", ""], "--url is missing. Try: "),
        (["--at", "today"], '--at "today" is no time; write it like 2026-11-16T12:20'),
        (["--at", "2026-13-16T12:20"], '--at "2026-13-16T12:20" is no time'),
        (
            ["--at", "2026-10-25T01:30"],
            "2026-10-25T01:30 comes twice, because the clocks change: add an offset, such as",
        ),
        (["--at", "2026-03-29T01:30"], "2026-03-29T01:30 does not exist, because the clocks change: add an offset"),
        (["--at", "9999-12-31T23:59-12:00"], "is out of range"),
        (["--client", "laptop"], 'client "laptop" is no address; write it like 10.40.1.17 or fd40:1::7'),
        (
            ["--client", "10.99.0.1"],
            "lunchbell.toml: client 10.99.0.1 is in no group; add its network to a group's networks",
        ),
        (["--network", "home"], 'network "home" is none of: school, elsewhere, unknown'),
        (["--url", "https://"], '"https://" names no host; write a URL such as'),
        (["--form", '{"a": '], "--form begins with a brace but is not JSON"),
        (["--policy", "none"], 'lunchbell.toml: policy = "none": there is no such policy; use one of lunch-only'),
        (["--policy", "x" * 5000], "there is no such policy; use one of lunch-only"),
    ],
)
@pytest.mark.parametrize("form", ["--json", "plain"])
def test_an_error_is_one_sentence(school: Path, words: list[str], message: str, form: str) -> None:
    """On stderr, nothing on stdout, exit 2."""
    usual = {"--at": LUNCH, "--client": CLIENT, "--url": CHIRP} | dict(zip(words[::2], words[1::2], strict=True))
    options = [word for pair in usual.items() for word in pair] + (["--json"] if form == "--json" else [])
    result = run(school, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_word_that_means_nothing(school: Path) -> None:
    """What was probably meant is shown."""
    result = run(school, "today")
    assert result.exit_code == 2
    assert 'What is "today"?' in result.stderr


def test_a_file_with_mistakes(tmp_path: Path) -> None:
    """Each on a line of its own, exit 2."""
    broken = tmp_path / "lunchbell.toml"
    broken.write_text('policy = "waterville-2022"\nschol = 1\n')
    result = run(broken, "--at", LUNCH, "--client", CLIENT, "--url", CHIRP)
    assert (result.exit_code, result.stdout) == (2, "")
    keys = sorted(line.split(":")[1].strip() for line in result.stderr.splitlines())
    assert keys == ["calendar", "groups", "schol = 1", "timetables"]


def test_without_a_file_the_example_is_used_and_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr, so that the JSON on stdout stays clean."""
    monkeypatch.chdir(tmp_path)
    words = ["explain", "--at", LUNCH, "--client", CLIENT, "--url", "https://x.com/", "--json"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["service"] == "x"
    assert "using the packaged example school" in result.stderr


# --- JSON Lines


def stream(school: Path, *lines: Any) -> tuple[list[Any], Result]:
    """The answers to lines on stdin; what is no text is written as JSON."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    result = run(school, "-", "--json", lines=text)
    return [json.loads(line) for line in result.stdout.split("\n") if line], result


ONE = {"at": LUNCH, "client": CLIENT, "url": CHIRP}


def test_a_line_for_each_line(school: Path) -> None:
    """In order, with the same keys as for one request; blank lines are no lines."""
    answers, result = stream(school, ONE, "", ONE | {"url": "https://gov.uk/"}, ONE | {"at": "2026-11-16T11:00"})
    assert result.exit_code == 0
    assert [list(answer) for answer in answers] == [KEYS] * 3
    assert [(answer["service"], answer["outcome"]) for answer in answers] == [
        ("chirp", "permitted"),
        (None, "not_covered"),
        ("chirp", "not_permitted"),
    ]


def test_a_line_says_the_same_as_the_options(school: Path) -> None:
    """Keys are the options' names, `policy` among them."""
    words = {"user": "j.okafor", "network": "elsewhere", "method": "POST", "form": "text=1", "dest": "empty"}
    words |= {"site": "same-origin", "origin": "https://chirp.com/", "policy": "lunch-only"}
    words |= {"at": "2026-11-16T11:00", "url": "https://chirp.com/api/post"}
    (answer,), _ = stream(school, ONE | words)
    assert answer == asked(school, *(word for key, value in words.items() for word in (f"--{key}", value)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "line 1 column 1"),
        ("[]", "should be an object whose values are text"),
        ("7", "should be an object whose values are text"),
        ("null", "should be an object whose values are text"),
        (ONE | {"at": 7}, "should be an object whose values are text"),
        (
            ONE | {"when": "now"},
            "unknown key when; use at, client, dest, form, method, network, origin, site, url, user, policy",
        ),
        ({"at": LUNCH}, "client, url is missing"),
        (ONE | {"client": "laptop"}, 'client "laptop" is no address'),
        (ONE | {"at": "noon"}, '--at "noon" is no time'),
        (ONE | {"form": "{"}, "--form begins with a brace but is not JSON"),
    ],
)
def test_a_line_that_cannot_be_understood(school: Path, line: Any, message: str) -> None:
    """Is answered with its error, told on stderr with its number; the lines after it are answered too; exit 2."""
    answers, result = stream(school, ONE, line, ONE)
    assert result.exit_code == 2
    assert list(answers[1]) == ["error"]
    assert message in answers[1]["error"]
    assert answers[0] == answers[2]
    assert result.stderr.startswith("line 2: ")
    assert len(result.stderr.splitlines()) == 1


def test_bytes_that_are_no_utf_8(school: Path) -> None:
    """Are a line that cannot be understood, like any other."""
    result = run(school, "-", "--json", lines=b'\xff\xfe\n{"at": "\xff"}\n' + json.dumps(ONE).encode() + b"\n")
    assert result.exit_code == 2
    assert [list(json.loads(line)) for line in result.stdout.splitlines()] == [["error"], ["error"], KEYS]


def test_nothing_at_all(school: Path) -> None:
    """No lines, no answers, no error."""
    answers, result = stream(school)
    assert (answers, result.exit_code, result.stderr) == ([], 0, "")


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
TIMES = st.datetimes().map(lambda at: at.isoformat()) | st.datetimes(timezones=st.timezones()).map(
    lambda at: at.isoformat()
)
ADDRESSES = st.ip_addresses().map(str) | st.just(CLIENT)
URLS = TEXT | st.builds("{}{}/{}?{}".format, st.sampled_from(["https://", "", "//"]), st.just("chirp.com"), TEXT, TEXT)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)
DEEP = st.integers(1, 3000).map(lambda depth: '{"a": ' + "[" * depth + "]" * depth + "}")
BODIES = TEXT | DEEP | st.dictionaries(TEXT, NESTED, max_size=3).map(json.dumps)
QUESTIONS = st.fixed_dictionaries(
    {"at": TIMES | TEXT, "client": ADDRESSES | TEXT, "url": URLS},
    optional={
        "user": TEXT,
        "network": st.sampled_from(["school", "elsewhere", "unknown"]) | TEXT,
        "method": st.sampled_from(["GET", "POST", "CONNECT"]) | TEXT,
        "form": BODIES,
        "dest": st.sampled_from(["document", "empty"]) | TEXT,
        "site": st.sampled_from(["none", "cross-site"]) | TEXT,
        "origin": URLS,
    },
)
LINES = QUESTIONS | st.dictionaries(st.sampled_from([*ONE, "user", "x"]), NESTED, max_size=5) | NESTED


@given(st.lists(LINES, max_size=20))
def test_any_lines_are_answered_one_by_one(school: Path, lines: list[Any]) -> None:
    """Whatever they hold: an answer with all keys or an error in words, never a traceback."""
    answers, result = stream(school, *(json.dumps(line) for line in lines))
    assert len(answers) == len(lines)
    assert all(list(answer) in (KEYS, ["error"]) for answer in answers)
    assert all(answer["error"] for answer in answers if "error" in answer)
    assert result.exit_code == (2 if any("error" in answer for answer in answers) else 0)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(school: Path, data: bytes) -> None:
    """Noise on stdin ends in errors in words."""
    result = run(school, "-", "--json", lines=data)
    assert result.exit_code in (0, 2)
    assert len(result.stdout.splitlines()) == len([line for line in data.split(b"\n") if line.strip()])


def test_an_unknown_policy_on_one_line_does_not_end_the_others() -> None:
    """Its line is answered with what is wrong; the next one is judged."""
    asked = {"at": "2026-11-16T12:20", "client": "10.40.1.17", "url": "https://x.com/"}
    lines = json.dumps(asked | {"policy": "none-such"}) + "\n" + json.dumps(asked) + "\n"
    done = CliRunner().invoke(main, ["explain", "-", "--json", "--config", str(example_file())], input=lines)
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.exit_code == 2
    assert "there is no such policy" in first["error"]
    assert second["service"] == "x"


def test_an_opaque_origin_is_no_other_site() -> None:
    """`Origin: null` names nobody."""
    question = ["--at", "2026-11-16T12:20", "--client", "10.40.1.17", "--url", "https://x.com/", "--origin", "null"]
    done = CliRunner().invoke(main, ["explain", *question, "--json", "--config", str(example_file())])
    assert json.loads(done.stdout)["activity"] == "open"
