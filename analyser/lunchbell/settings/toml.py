"""One TOML file against one pydantic model; every mistake becomes a `Problem` in plain words."""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lunchbell.settings.problems import Problems, nearest, one_of

Model = TypeVar("Model", bound=BaseModel)

_MOST_CUTS = 5
"""What was cut out may leave something missing around it; it never takes more rounds than tables lie in one another."""

_TYPES = {
    "string_type": 'should be text in quotes, such as "teachers"',
    "bool_type": "should be true or false, without quotes",
    "int_type": "should be a whole number, without quotes",
    "list_type": 'should be a list, such as ["one", "two"]',
    "dict_type": "should be a table, such as { name = ... }",
    "model_type": "should be a table, such as { name = ... }",
    "model_attributes_type": "should be a table, such as { name = ... }",
    "date_type": "should be a date without quotes, such as 2026-09-03",
    "datetime_type": "should be a date and time without quotes, such as 2026-11-02T09:00:00",
    "missing": "is missing; add it",
}


Place = tuple[int | str, ...]
"""Where something stands in a file: keys, and the number of an item in a list from 0."""


def read(path: Path, model: type[Model], problems: Problems, name: str = "") -> Model | None:
    """The file's contents, or None after reporting what is wrong. `name` is what to call the file in messages.

    Keys that nothing knows are reported and left out, so that the rest is checked as well.
    """
    name = name or str(path)
    table = parse(path, problems, name)
    return None if table is None else check(table, model, problems, name)


def parse(path: Path, problems: Problems, name: str) -> dict[str, Any] | None:
    """What the file holds, or None after reporting why it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        problems.error(name, "", None, "there is no such file; check the name, or write one with `lunchbell init`")
    except UnicodeDecodeError:
        problems.error(name, "", None, "is not UTF-8 text; save it as UTF-8")
    except OSError as error:
        problems.error(name, "", None, f"cannot be read ({error.strerror}); check its permissions")
    except tomllib.TOMLDecodeError as error:
        problems.error(name, "", None, f"is not valid TOML: {error}; correct that line first")
    return None


def check(
    table: dict[str, Any],
    model: type[Model],
    problems: Problems,
    name: str,
    cut: Callable[[dict[str, Any], Place], None] | None = None,
) -> Model | None:
    """A file's table as the model has it, every mistake reported once.

    `cut` takes what is wrong at a place out of the table, so that the rest can be checked as well.
    """
    for turn in range(_MOST_CUTS):
        try:
            return model.model_validate(table)
        except ValidationError as error:
            mistakes = error.errors(include_url=False)
        if turn == 0:
            _report(mistakes, model, problems, name)
        for mistake in mistakes:
            if mistake["type"] == "extra_forbidden":
                take_out(table, mistake["loc"])
            elif cut:
                cut(table, mistake["loc"])
            else:
                return None
    return None


def _report(mistakes: list[ErrorDetails], model: type[BaseModel], problems: Problems, name: str) -> None:
    meant = {
        (*mistake["loc"][:-1], nearest(str(mistake["loc"][-1]), _keys_at(model, mistake["loc"][:-1])))
        for mistake in mistakes
        if mistake["type"] == "extra_forbidden"
    }
    for mistake in mistakes:
        if mistake["type"] != "missing" or mistake["loc"] not in meant:
            problems.error(name, _key(mistake["loc"]), _value(mistake), _words(mistake, model))


def take_out(table: Any, place: Place) -> None:
    """Remove what stands at a place, if it is still there."""
    with suppress(LookupError):
        for part in place[:-1]:
            table = table[part]
        del table[place[-1]]


def _key(location: Place) -> str:
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        elif part != "[key]":
            part = part if part.replace("_", "").replace("-", "").isalnum() else f'"{part}"'
            key += f".{part}" if key else part
    return key


def _value(mistake: ErrorDetails) -> Any:
    return None if mistake["type"] == "missing" else mistake["input"]


def _words(mistake: ErrorDetails, model: type[BaseModel]) -> str:
    kind = mistake["type"]
    if kind == "extra_forbidden":
        known = _keys_at(model, mistake["loc"][:-1])
        return one_of(str(mistake["loc"][-1]), known, "key here") + " (or remove it)"
    if kind in ("enum", "literal_error"):
        return f"should be one of {mistake['ctx']['expected']}"
    if kind == "value_error":
        return str(mistake["ctx"]["error"])
    return _TYPES.get(kind) or mistake["msg"].replace("Input should", "should")


def _keys_at(model: type[BaseModel], location: Place) -> set[str]:
    """The keys that the model has at a place: models inside are found by the annotations' own models."""
    here: type[BaseModel] | None = model
    for part in location:
        if here is not None and isinstance(part, str) and part in here.model_fields:
            here = _model_in(here.model_fields[part].annotation)
    return {field.alias or name for name, field in here.model_fields.items()} if here else set()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found:
            return found
    return None
