"""`lunchbell analyse` as it is called."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.bulk.making import Request, log_of, packed, usage_in, written

from lunchbell.cli.analyse import analyse
from lunchbell.settings.places import example_file
from lunchbell.store.schema import open_store

LOG = [
    Request(),
    Request(at=1_794_826_800_000),
    Request(method="GET", host="en.wikipedia.org", path="/wiki/Owl", kind="text/html"),
    Request(method="POST", host="x.com", path="/1.1/statuses/update.json", user="j.okafor"),
    Request(host="www.bbc.co.uk"),
    Request(client="192.0.2.77"),
    Request(client="10.40.17.3"),
]


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """The example school in a folder of its own, where keys and database may be made."""
    path = tmp_path / "lunchbell.toml"
    path.write_text(example_file().read_text("utf-8"), "utf-8")
    return path


def call(school: Path, *arguments: str | Path) -> Result:
    """The command with a school's file."""
    return CliRunner().invoke(analyse, ["--config", str(school), *map(str, arguments)])


def refused(done: Result, words: str) -> None:
    """One sentence on stderr that holds `words`, exit 2."""
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_json_has_the_keys_of_the_contract(school: Path, tmp_path: Path) -> None:
    """lines read social rejected format seconds, and counts by evidence and outcome."""
    log = written(tmp_path, "access.log", b"# a comment\n" + log_of(LOG) + b"damaged\n\n")
    done = call(school, log, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told.pop("seconds") >= 0
    assert told == {
        "lines": 8,
        "read": 7,
        "social": 6,
        "rejected": 1,
        "unplaced": 1,
        "format": "squid",
        "evidence": {"contact": 3, "opened": 1, "published": 1},
        "outcomes": {"permitted": 2, "not_permitted": 2, "not_covered": 1},
        "use_outcomes": {"permitted": 1, "not_permitted": 1},
        "services": {"facebook": 3, "wikipedia": 1, "x": 1},
    }


def test_several_logs_are_one_answer(school: Path, tmp_path: Path) -> None:
    """Plain and packed, they are added up."""
    done = call(
        school,
        written(tmp_path, "a.log", log_of(LOG)),
        written(tmp_path, "b.log.gz", packed(log_of(LOG[:2]))),
        "--json",
    )
    told = json.loads(done.stdout)
    assert (told["lines"], told["read"], told["social"], told["services"]["facebook"]) == (9, 9, 8, 5)


def test_without_json_it_is_said_in_sentences(school: Path, tmp_path: Path) -> None:
    """Lines, social media, damaged ones, addresses in no group, evidence and outcomes."""
    done = call(school, written(tmp_path, "access.log", log_of(LOG) + b"damaged\n"))
    assert done.exit_code == 0
    for words in (
        "Read 7 of 8 lines",
        "1 line could not be read; --rejects FILE lists them.",
        "1 social media request came from addresses in no group",
        "Of those that were judged, 1 was published, 1 opened something, and 3 are contacts, which prove no use.",
    ):
        assert words in done.stdout


def test_an_empty_log_is_no_mistake(school: Path, tmp_path: Path) -> None:
    """It was rotated a moment ago: nothing was read, exit 0."""
    done = call(school, written(tmp_path, "access.log", b""), "--json")
    assert (done.exit_code, json.loads(done.stdout)["lines"]) == (0, 0)


def test_nothing_is_stored_unless_it_is_asked_for(school: Path, tmp_path: Path) -> None:
    """No database and no pseudonym keys appear."""
    call(school, written(tmp_path, "access.log", log_of(LOG)))
    assert {p.name for p in tmp_path.iterdir()} == {"lunchbell.toml", "access.log"}


def test_a_store_takes_a_log_once(school: Path, tmp_path: Path) -> None:
    """The second time there is nothing new, and the store is as it was."""
    log, db = written(tmp_path, "access.log", log_of(LOG)), tmp_path / "lunchbell.db"
    assert json.loads(call(school, log, "--db", db, "--json").stdout)["read"] == 7
    before = usage_in(open_store(db))
    again = call(school, log, "--db", db, "--json")
    assert (again.exit_code, json.loads(again.stdout)["read"]) == (0, 0)
    assert usage_in(open_store(db)) == before
    assert sum(requests for requests, _ in before.values()) == 5


def test_the_store_holds_a_pseudonym_and_no_name(school: Path, tmp_path: Path) -> None:
    """Neither user nor address nor host of the log is in the database's bytes."""
    db = tmp_path / "lunchbell.db"
    call(school, written(tmp_path, "access.log", log_of(LOG)), "--db", db)
    assert any(str(key[3]).startswith("k") for key in usage_in(open_store(db)))
    content = b"".join(path.read_bytes() for path in tmp_path.glob("lunchbell.db*"))
    for secret in (b"okafor", b"10.40.1.17", b"facebook.com", b"statuses", b"access.log"):
        assert secret not in content


def test_rejects_hold_number_and_reason_and_never_the_line(school: Path, tmp_path: Path) -> None:
    """One row a line that could not be read."""
    secret = b"1794831600.1 x 10.40.1.17 TCP_MISS/200 9 GET http://secret.example/page j.okafor HIER_DIRECT/- -\n"
    log = written(tmp_path, "access.log", log_of(LOG[:1]) + b"j.okafor wrote\n" + secret)
    rejects = tmp_path / "rejects.tsv"
    done = call(school, log, "--rejects", rejects)
    assert f"2 lines could not be read; see {rejects}." in done.stdout
    assert rejects.read_text().splitlines() == [
        "log\tline\toffset\treason",
        f"{log}\t2\t{len(log_of(LOG[:1]))}\t2 fields, not the 10 of Squid's native format",
        f"{log}\t3\t{len(log_of(LOG[:1])) + 15}\tthe first two fields are not a time and a duration",
    ]


def test_a_missing_file_is_one_sentence(school: Path, tmp_path: Path) -> None:
    """It names the file."""
    refused(call(school, tmp_path / "none.log", "--json"), "none.log: cannot be read (No such file or directory)")


def test_a_folder_is_one_sentence(school: Path, tmp_path: Path) -> None:
    """Instead of a log."""
    refused(call(school, tmp_path), "cannot be read (Is a directory)")


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 9, b'10.40.1.17 - - [16/Nov/2026:12:20:00 +0000] "GET / HTTP/1.1" 200 5\n'],
    ids=["binary", "another format"],
)
def test_what_is_no_squid_log_is_one_sentence(school: Path, tmp_path: Path, content: bytes) -> None:
    """It says which format is read."""
    refused(call(school, written(tmp_path, "access.log", content)), "is not Squid's native log")


def test_a_gzip_that_breaks_off_is_one_sentence(school: Path, tmp_path: Path) -> None:
    """And nothing of it is stored."""
    log, db = written(tmp_path, "access.log.gz", packed(log_of(LOG * 50))[:-20]), tmp_path / "lunchbell.db"
    refused(call(school, log, "--db", db), "access.log.gz: cannot be read")
    assert usage_in(open_store(db)) == {}


def test_squid_can_be_insisted_on(school: Path, tmp_path: Path) -> None:
    """With --format squid each line that is none is rejected, and that is no failure."""
    done = call(school, written(tmp_path, "access.log", b"one\ntwo\n"), "--format", "squid", "--json")
    assert (done.exit_code, json.loads(done.stdout)["rejected"]) == (0, 2)


@pytest.mark.parametrize("name", ["no/such/folder.db", ".", "access.log"], ids=["no folder", "a folder", "no database"])
def test_a_database_that_cannot_be_written_is_one_sentence(school: Path, tmp_path: Path, name: str) -> None:
    """And the file that is there is left as it is."""
    log = written(tmp_path, "access.log", log_of(LOG))
    refused(call(school, log, "--db", tmp_path / name), "cannot be used as Lunchbell's database")
    assert log.read_bytes() == log_of(LOG)


def test_a_database_that_is_busy_is_one_sentence(school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer holds it for longer than we wait: nothing is stored."""
    log, db = written(tmp_path, "access.log", log_of(LOG)), tmp_path / "lunchbell.db"
    other, ours = open_store(db), open_store(db)
    ours.conn.execute("PRAGMA busy_timeout = 50")
    monkeypatch.setattr("lunchbell.cli.analyse.open_store", lambda path: ours)
    other.conn.execute("BEGIN IMMEDIATE")
    refused(call(school, log, "--db", db), "database is locked")
    other.conn.execute("ROLLBACK")
    assert usage_in(other) == {}


def test_rejects_that_cannot_be_written_stop_before_anything_is_stored(school: Path, tmp_path: Path) -> None:
    """A line that is stored is not read a second time, so its reject would be lost."""
    log, db = written(tmp_path, "access.log", log_of(LOG)), tmp_path / "lunchbell.db"
    refused(call(school, log, "--db", db, "--rejects", tmp_path / "no" / "file"), "cannot be written")
    assert usage_in(open_store(db)) == {}


@pytest.mark.parametrize("arguments", [[], ["a.log", "--format", "bluecoat"], ["a.log", "--what"]])
def test_a_wrong_call_is_told(school: Path, arguments: list[str]) -> None:
    """Exit 2, without a traceback."""
    done = call(school, *arguments)
    assert done.exit_code == 2
    assert "Error:" in done.stderr
