"""What a user can type must be written down: commands, options, keys of the TOML files, environment variables.

A word counts as documented only where it stands as code (`like this`, or in a fenced block). A key counts only in a
section that also names its table, since `name` or `first` would be found somewhere in any text.
"""

import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import click
import pytest
from pydantic import AliasChoices, BaseModel, Field
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCES = ("analyser", "proxy_addons", "extension", "deploy", "run", ".ci/run")


# --- Reading the documents


class Docs:
    """The code of some Markdown text, by section: a heading and what follows it up to the next heading."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.sections = [_code_of(section) for text in texts for section in _sections(text)]
        self.words = [set(re.findall(r"[\w-]+", section)) for section in self.sections]

    def has_phrase(self, phrase: str) -> bool:
        """These words stand as code, in this order and on their own."""
        pattern = re.compile(rf"(?<![\w-]){re.escape(phrase)}(?![\w-])")
        return any(pattern.search(section) for section in self.sections)

    def has_key(self, table: str, key: str) -> bool:
        """One section names both; a key of no table may stand in any."""
        return any(key in words and (not table or table in words) for words in self.words)


def _sections(text: str) -> Iterator[str]:
    section: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if line.startswith("#") and not fenced:
            yield "\n".join(section)
            section = []
        section.append(line)
    yield "\n".join(section)


def _code_of(section: str) -> str:
    blocks = re.findall(r"^\s*```[^\n]*\n(.*?)^\s*```", section, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^\s*```.*?^\s*```", "", section, flags=re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`]+)`", rest)
    return "\n".join(re.sub(r"[ \t]+", " ", code) for code in (*blocks, *spans))


@pytest.fixture(scope="module")
def docs() -> Docs:
    """Everything a user of this version reads."""
    files = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "config" / "README.md")
    return Docs(file.read_text() for file in files)


def nothing(missing: list[str]) -> None:
    """Fails with the whole list, one a line."""
    assert not missing, "not documented (README.md, docs/, config/README.md):\n  " + "\n  ".join(missing)


# --- Commands and options


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, with the words that call each; hidden ones are nobody's to type."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for word in command.list_commands(context):
            found = command.get_command(context, word)
            assert found is not None, f"{name} lists {word} and does not have it"
            if not found.hidden:
                yield from commands(found, f"{name} {word}")


def options(command: click.Command) -> Iterator[str]:
    """Its long options, without --help."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield from (o for o in (*parameter.opts, *parameter.secondary_opts) if o.startswith("--") and o != "--help")


def undocumented_commands(root: click.Command, docs: Docs) -> list[str]:
    """The calls that no document shows, and the options that none names."""
    found = list(commands(root, "lunchbell"))
    missing = [name for name, _ in found if not docs.has_phrase(name)]
    return missing + [f"{n} {o}" for n, command in found for o in options(command) if not docs.has_phrase(o)]


def the_cli() -> click.Command:
    main = importlib.import_module("lunchbell.cli.main").main
    assert isinstance(main, click.Group)
    return main


def test_every_command_and_option_is_documented(docs: Docs) -> None:
    """`lunchbell NAME` and each long option stand as code in README.md, docs/ or config/README.md."""
    cli = the_cli()
    assert len(list(commands(cli, "lunchbell"))) > 5, "the command tree was not found"
    nothing(undocumented_commands(cli, docs))


def test_help_lists_every_command() -> None:
    """`lunchbell --help` says of each command, in a line, what it is for."""
    cli = the_cli()
    shown = cli.get_help(click.Context(cli, info_name="lunchbell"))
    for name, command in list(commands(cli, "lunchbell"))[1:]:
        assert command.get_short_help_str(), f"{name} has no help text"
        assert name.split()[1] in shown


# --- Keys of the TOML files


def models_in(package: ModuleType) -> list[type[BaseModel]]:
    """The pydantic models that a package and its modules define."""
    below = pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}.")
    modules = [package, *(importlib.import_module(module.name) for module in below)]
    return [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, BaseModel) and thing.__module__ == module.__name__
    ]


def key_of(name: str, field: FieldInfo) -> str:
    """The field as a TOML file spells it."""
    alias = field.validation_alias or field.alias or name
    if isinstance(alias, AliasChoices):
        alias = alias.choices[0]
    return alias if isinstance(alias, str) else str(alias.path[0])


def models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation such as `dict[str, Group] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_of(part)


def keys(models: Iterable[type[BaseModel]]) -> set[tuple[str, str]]:
    """(table, key) for all of them; the table of a file's own keys is empty."""
    nested: dict[type[BaseModel], set[str]] = {}
    everything: list[tuple[type[BaseModel], str]] = []
    for model in models:
        for name, field in model.model_fields.items():
            everything.append((model, key_of(name, field)))
            for inner in models_of(field.annotation):
                nested.setdefault(inner, set()).add(key_of(name, field))
    return {(table, key) for model, key in everything for table in nested.get(model, {""})}


def undocumented_keys(models: Iterable[type[BaseModel]], docs: Docs) -> list[str]:
    """Keys that no section names together with their table."""
    return sorted(f"[{table}] {key}".removeprefix("[] ") for table, key in keys(models) if not docs.has_key(table, key))


def test_every_key_is_documented(docs: Docs) -> None:
    """Each key of the school's file, of policies and of services stands as code in a section that names its table."""
    models = models_in(importlib.import_module("lunchbell.settings"))
    assert {("", "policy"), ("groups", "equipment")} <= keys(models), "the models of the school's file were not found"
    nothing(undocumented_keys(models, docs))


# --- Environment variables and dependencies


def environment_variables(root: Path) -> set[str]:
    """The LUNCHBELL_ names in the source."""
    found: set[str] = set()
    for source in SOURCES:
        path = root / source
        for file in (path,) if path.is_file() else path.rglob("*"):
            if file.suffix in {"", ".py", ".sh", ".js", ".mjs", ".service", ".conf", ".toml"} and file.is_file():
                found |= set(re.findall(r"\bLUNCHBELL_[A-Z0-9_]*[A-Z0-9]", file.read_text()))
    return found


def test_every_environment_variable_is_documented(docs: Docs) -> None:
    """Each LUNCHBELL_ name in the source stands as code in the documents."""
    names = environment_variables(ROOT)
    for _, command in commands(the_cli(), "lunchbell"):
        for parameter in command.params:
            names |= {parameter.envvar} if isinstance(parameter.envvar, str) else set(parameter.envvar or ())
    assert "LUNCHBELL_PYTHON" in names, "the source was not read"
    nothing(sorted(name for name in names if not docs.has_phrase(name)))


def test_every_dependency_is_accounted_for() -> None:
    """docs/dependencies.md has a row for each direct dependency."""
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    rows = (ROOT / "docs" / "dependencies.md").read_text().splitlines()
    named = {match[1].lower() for row in rows if (match := re.match(r"\| `([\w.-]+)` \|", row))}
    nothing(sorted({re.split(r"[^\w.-]", requirement)[0].lower() for requirement in wanted} - named))


# --- These checks can fail


def test_an_undocumented_command_or_option_is_noticed() -> None:
    """A word in prose, or inside a longer word, documents nothing."""

    @click.group()
    def cli() -> None: ...

    @cli.command()
    @click.option("--week")
    def summary(week: str) -> None: ...

    @cli.command()
    @click.option("--as-json")
    def check(as_json: str) -> None: ...

    text = "# Use\nRun `lunchbell summary --week 2026-W47`, and check `lunchbell check-all --as-json-lines`."
    assert undocumented_commands(cli, Docs([text])) == ["lunchbell check", "lunchbell check --as-json"]


def test_an_undocumented_key_is_noticed() -> None:
    """The right key under another table, an alias by its Python name, and a comment in a block as a heading."""

    class Bells(BaseModel):
        break_: list[str] = Field(default=[], alias="break")
        work: str

    class School(BaseModel):
        name: str
        timetables: dict[str, Bells]

    text = "# A\n```toml\nname = 1\n# not a heading\n[timetables.x]\nwork = 2\n```\n# B\n`break_`\n# C\n`break`"
    assert undocumented_keys([School, Bells], Docs([text])) == ["[timetables] break"]


def test_a_variable_in_the_source_is_noticed(tmp_path: Path) -> None:
    """Also in a file with no suffix, such as `run`."""
    (tmp_path / "analyser" / "lunchbell").mkdir(parents=True)
    (tmp_path / "analyser" / "lunchbell" / "a.py").write_text('os.environ["LUNCHBELL_ONE"]')
    (tmp_path / "run").write_text("${LUNCHBELL_TWO:-}")
    assert environment_variables(tmp_path) == {"LUNCHBELL_ONE", "LUNCHBELL_TWO"}
