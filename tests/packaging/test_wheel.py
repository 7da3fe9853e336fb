"""The wheel that users get: built, put into a clean virtual environment away from the tree, and used from there."""

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
IMPORT_THE_CORE = """
import importlib, pkgutil, sys
before = set(sys.modules)
import lunchbell.policy
for module in pkgutil.walk_packages(lunchbell.policy.__path__, "lunchbell.policy."):
    importlib.import_module(module.name)
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - sys.stdlib_module_names - {"lunchbell"}))
"""

pytestmark = pytest.mark.wheel


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints; the test fails with all it said if it fails."""
    ours = ("LUNCHBELL_", "PYTHON", "VIRTUAL_ENV", "COV_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{command} exited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source archive, so that the archive is proved whole as well."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def bare(wheel: Path, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel alone, without any library it needs."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=True)
    run(folder / "bin" / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=empty)
    return folder


@pytest.fixture(scope="module")
def installed(bare: Path, empty: Path) -> Path:
    """The same with the analyser's locked libraries: no mitmproxy, none of our tools."""
    lock = ROOT / "requirements" / "analyser.txt"
    run(bare / "bin" / "python", "-m", "pip", "install", "--require-hashes", "-r", lock, cwd=empty)
    return bare


def test_the_core_needs_the_standard_library_alone(bare: Path, empty: Path) -> None:
    """Every module of lunchbell.policy imports where nothing is installed, and loads nothing else."""
    assert run(bare / "bin" / "python", "-c", IMPORT_THE_CORE, cwd=empty).split() == []


def test_config_travels_in_the_wheel(bare: Path) -> None:
    """Byte for byte, every file of config/ lies under share/lunchbell."""
    shipped = bare / "share" / "lunchbell" / "config"
    wanted = {file.relative_to(ROOT / "config"): file for file in (ROOT / "config").rglob("*") if file.is_file()}
    assert any(name.parts[0] == "services" for name in wanted)
    assert {name for name, file in wanted.items() if (shipped / name).read_bytes() != file.read_bytes()} == set()


def test_only_our_packages_reach_site_packages(wheel: Path) -> None:
    """Nothing called config, docs or tests does."""
    names = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith((".data", ".dist-info"))} == {"lunchbell", "lunchbell_proxy"}


def test_the_lock_holds_what_the_wheel_asks_for(installed: Path, empty: Path) -> None:
    """pip finds nothing missing and nothing at odds, and mitmproxy was not needed."""
    run(installed / "bin" / "python", "-m", "pip", "check", cwd=empty)
    find = "import importlib.util; print(importlib.util.find_spec('mitmproxy'))"
    assert run(installed / "bin" / "python", "-c", find, cwd=empty).strip() == "None"


def test_commands_work_from_an_empty_folder(installed: Path, empty: Path) -> None:
    """The installed command answers from the configuration that the wheel brought."""
    lunchbell = installed / "bin" / "lunchbell"
    assert "classify" in run(lunchbell, "--help", cwd=empty)
    assert "facebook" in run(lunchbell, "classify", "www.facebook.com", cwd=empty)
    answer = json.loads(run(lunchbell, "classify", "--json", "www.facebook.com", cwd=empty))
    assert answer == {"input": "www.facebook.com", "service": "facebook", "kind": "social_network"}
    where = "import lunchbell.settings.places as p; print(p.__file__, p.config_dir(), sep='\\n')"
    for path in run(installed / "bin" / "python", "-c", where, cwd=empty).split():
        assert Path(path).is_relative_to(installed)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_place(lock: Path) -> None:
    """No registry address and no path of a machine; every entry is one exact version with hashes."""
    text = lock.read_text()
    assert re.findall(r"://|--(?:index|extra-index|find-links)|(?:^|[\s@])/\w+", text) == []
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if not entry.startswith("#")]
    assert len(entries) > 10
    for entry in entries:
        assert re.match(r"[a-z0-9][\w.-]*==\S+ (; .*)?\\\n    --hash=sha256:", entry), entry
