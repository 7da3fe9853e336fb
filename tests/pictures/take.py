"""Takes the pictures of README.md anew, with Debian's chromium: `python3 tests/pictures/take.py`.

The summary is the demo's page. The terminal shows what `lunchbell explain` and the demo really wrote, wrapped as a
terminal wraps it.
"""

import html
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from argparse import ArgumentParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"
PAGE = (1100, 1410)
"""Width and height of the summary's picture: its beginning."""
COLUMNS, LINE = 100, 22
LEGEND = "(visits)"
"""How the line ends that stands under the timetable of the summary."""
EXPLAIN = (
    "explain --at 2026-11-16T11:00 --client 10.40.1.17 --method POST --url https://www.facebook.com/api/graphql/ "
    "--form fb_api_req_friendly_name=ComposerStoryCreateMutation",
    "explain --at 2026-11-16T12:20 --client 10.40.1.17 --url https://www.facebook.com/",
)
STYLE = f"""
    html {{ background: #1c1f24 }}
    body {{ margin: 0; padding: 24px 28px; background: #1c1f24; color: #e4e2dc }}
    pre {{ margin: 0; font: 15px/{LINE}px "DejaVu Sans Mono", "Liberation Mono", monospace }}
    b {{ color: #d8b15f; font-weight: 400 }}
"""


def main() -> int:
    """Exit status 0: both pictures lie in docs/pictures; 1: the demo did not come so far."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--lunchbell", default=f"{ROOT / 'run'} lunchbell", help="how to call it")
    command = shlex.split(parser.parse_args().lunchbell)
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        demo = subprocess.Popen([*command, "demo", "--folder", str(folder / "demo")], stdout=subprocess.PIPE, text=True)
        try:
            said, address = listen(demo)
            if not address:
                print("the demo gave no address of its page", file=sys.stderr)
                return 1
            if not any(line.endswith(LEGEND) for line in said):
                print("the demo's week shows no visit: pictures of that would be of no use", file=sys.stderr)
                return 1
            shoot(address, PICTURES / "summary.png", *PAGE)
        finally:
            demo.send_signal(signal.SIGINT)  # as Ctrl-C: it then stops its own processes
            demo.wait()
        (folder / "lunchbell.toml").write_text((ROOT / "config" / "school.example.toml").read_text())
        terminal(command, folder, said)
    return 0


def listen(demo: "subprocess.Popen[str]") -> tuple[list[str], str]:
    """What the demo says up to the address of its summary, and that address."""
    said: list[str] = []
    for line in demo.stdout or ():
        said.append(line.rstrip("\n"))
        if line.startswith("The same as a page: "):
            return said, line.split()[-1]
    return said, ""


def terminal(command: list[str], folder: Path, said: list[str]) -> None:
    """Two questions with their answers, and the demo up to the timetable of its summary."""
    lines: list[str] = []
    for asked in EXPLAIN:
        done = subprocess.run([*command, *shlex.split(asked)], cwd=folder, capture_output=True, text=True, check=True)
        lines += [*typed(f"lunchbell {asked}"), *wrapped(done.stdout.splitlines()), ""]
    end = next(number for number, line in enumerate(said) if line.endswith(LEGEND)) + 1
    lines += [*typed("lunchbell demo"), *wrapped(said[:end])]
    page = folder / "terminal.html"
    page.write_text(f'<meta charset="utf-8"><style>{STYLE}</style><pre>{chr(10).join(lines)}</pre>', "utf-8")
    shoot(page.as_uri(), PICTURES / "terminal.png", 980, len(lines) * LINE + 48)


def typed(command: str) -> list[str]:
    """What someone types, its lines continued as a shell wants it."""
    return [f"<b>{html.escape(line)}</b>" for line in continued(f"$ {command}")]


def continued(command: str) -> list[str]:
    """A command over several lines, each begun by an option, and each but the last with a backslash."""
    lines = [""]
    for part in command.split(" --"):
        option = f" --{part}" if lines[-1] else part
        if len(lines[-1] + option) > COLUMNS - 2:
            lines.append(f"   {option}")
        else:
            lines[-1] += option
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def wrapped(lines: list[str]) -> list[str]:
    """Lines as a terminal of so many columns shows them."""
    out: list[str] = []
    for line in lines:
        if len(line) <= COLUMNS:
            out.append(html.escape(line))
        else:
            out += [html.escape(part) for part in textwrap.wrap(line, COLUMNS, break_on_hyphens=False)]
    return out


def shoot(address: str, picture: Path, width: int, height: int) -> None:
    """A picture of a page by headless chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("chromium is not installed (Debian, Ubuntu: apt install chromium)")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
             f"--window-size={width},{height}", f"--screenshot={picture}", address],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
