"""The core is pure: it loads the standard library and nothing else, and knows neither the time nor a file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "analyser" / "lunchbell" / "policy"
MODULES = sorted(f"lunchbell.policy.{path.stem}" for path in CORE.glob("*.py") if path.stem != "__init__")
ASK = """
import importlib, sys
before = set(sys.modules)
importlib.import_module({module!r})
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
"""


def loaded_by(module: str) -> set[str]:
    """Top-level names that importing a module loads in a fresh interpreter."""
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(CORE.parents[1])!r})" + ASK.format(module=module),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_core_loads_the_standard_library_alone(module: str) -> None:
    """Neither aiohttp nor mitmproxy nor pydantic, nor anything else that must be installed."""
    loaded = loaded_by(module)
    assert "lunchbell" in loaded
    assert loaded - set(sys.stdlib_module_names) - {"lunchbell"} == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_core_imports_no_other_part_of_ours(module: str) -> None:
    """Arrows run one way: towards the core."""
    names = imported(CORE / f"{module.rpartition('.')[2]}.py")
    assert {name for name in names if name.startswith("lunchbell") and not name.startswith("lunchbell.policy")} == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_core_never_asks_for_the_time_or_a_file(module: str) -> None:
    """Time is an argument; files are read elsewhere."""
    tree = ast.parse((CORE / f"{module.rpartition('.')[2]}.py").read_text())
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert called & {"now", "today", "utcnow", "time", "open", "read_text", "read_bytes", "getenv", "print"} == set()


def imported(path: Path) -> set[str]:
    """Names of modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


def test_a_library_would_be_noticed() -> None:
    """Settings, which is no core, loads pydantic: so the check can fail."""
    command = [sys.executable, "-c", ASK.format(module="pydantic")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "pydantic" in set(done.stdout.split()) - set(sys.stdlib_module_names)
