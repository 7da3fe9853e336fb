"""One TOML file against one pydantic model; every mistake becomes a `Problem` in plain words."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lunchbell.settings.problems import Problems, one_of

Model = TypeVar("Model", bound=BaseModel)

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


def read(path: Path, model: type[Model], problems: Problems, name: str = "") -> Model | None:
    """The file's contents, or None after reporting what is wrong. `name` is what to call the file in messages."""
    name = name or str(path)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        problems.error(name, "", None, "there is no such file; check the name, or write one with `lunchbell init`")
    except UnicodeDecodeError:
        problems.error(name, "", None, "is not UTF-8 text; save it as UTF-8")
    except OSError as error:
        problems.error(name, "", None, f"cannot be read ({error.strerror}); check its permissions")
    except tomllib.TOMLDecodeError as error:
        problems.error(name, "", None, f"is not valid TOML: {error}; correct that line first")
    else:
        try:
            return model.model_validate(table)
        except ValidationError as error:
            for mistake in error.errors(include_url=False):
                problems.error(name, _key(mistake["loc"]), _value(mistake), _words(mistake, model))
    return None


def _key(location: tuple[int | str, ...]) -> str:
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
        return "unknown key: " + one_of(str(mistake["loc"][-1]), known, "key here") + " (or remove it)"
    if kind in ("enum", "literal_error"):
        return f"should be one of {mistake['ctx']['expected']}"
    if kind == "value_error":
        return str(mistake["ctx"]["error"])
    return _TYPES.get(kind) or mistake["msg"].replace("Input should", "should")


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
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
