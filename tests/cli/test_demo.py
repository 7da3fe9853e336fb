"""`lunchbell demo` as someone new runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lunchbell.cli.demo import demo


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the demo needs the addresses of Linux's loopback")
def test_a_whole_day_ends_well(tmp_path: Path) -> None:
    """Origin, analyser, proxy, traffic, an imported log and the summary: five steps, exit 0, nothing left running."""
    folder = tmp_path / "demo"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}  # its processes run in that folder
    done = subprocess.run(
        [sys.executable, "-m", "lunchbell", "demo", "--once", "--folder", folder],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    for step in range(1, 6):
        assert f"{step} of 5  " in done.stdout
    said = done.stdout.partition("5 of 5")[2]
    assert "2,000 lines" in said
    assert "1 line could not be read" in said
    for words in ("Oakfield Primary School", "Facebook", "outside"):
        assert words in said
    assert not _left_running(folder)


def _left_running(folder: Path) -> list[str]:
    """Commands of this machine that name the demo's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended just now
        if str(folder) in command:
            found.append(command)
    return found


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    """One sentence, exit 2, and what is in it stays as it is."""
    (tmp_path / "mine").write_text("mine")
    done = CliRunner().invoke(demo, ["--once", "--folder", str(tmp_path)])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("missing", "words"),
    [("mitmproxy", "pip install 'lunchbell[proxy]'"), ("linux", "use a Linux machine")],
)
def test_what_the_demo_needs_is_told(missing: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence, before anything is started."""
    if missing == "linux":
        monkeypatch.setattr(sys, "platform", "darwin")
    else:
        monkeypatch.setattr("lunchbell.cli.demo.find_spec", lambda name: None)
    done = CliRunner().invoke(demo, ["--once"])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
