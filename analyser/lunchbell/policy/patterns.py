"""The request patterns of a service: which request is which activity.

The language is small enough to be written twice, here and in the extension; `tests/policy_cases/patterns.json`
binds both. All predicates of a pattern must hold:

    method     one of these, exactly
    host       whole-label suffix of the request's host
    path       glob over the percent-decoded path, trailing slashes ignored: `*` within a segment, `**` across segments
    query      fields of the URL       \\
    form       fields of the body       } each field: a glob (`*` is any run of characters), several (any of them),
    params     fields of either        /  True (present) or False (absent)
    json       dotted paths into the body, any element of a list, same values (numbers and booleans as JSON text)
    operation  glob over the names of the GraphQL operations in the request
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import NamedTuple
from urllib.parse import unquote

from lunchbell.policy.words import Activity

Fields = Mapping[str, tuple[str, ...]]
Wanted = bool | tuple[str, ...]

LONGEST_PATH = 2048
"""Longer paths match no pattern: no catalogued request has one, and matching stays cheap for hostile ones."""
LONGEST_VALUE = 256
"""Only this much of a field's value is looked at: patterns name markers, never what a person wrote."""

_NOTHING: Fields = {}


class Observation(NamedTuple):
    """One request, as far as classification needs it. Nothing of it is stored.

    `query` and `form` hold every value of a field. `origin` is the host of Origin, else of Referer. `status` is that
    of the response, 0 where it is not known (a log line, `explain`). `html`: the answer is a page.
    """

    host: str
    method: str = "GET"
    path: str = "/"
    query: Fields = _NOTHING
    form: Fields = _NOTHING
    json: object = None
    operation: str = ""
    dest: str = ""
    site: str = ""
    origin: str = ""
    html: bool = False
    prefetch: bool = False
    status: int = 0


@dataclass(frozen=True, slots=True)
class RequestPattern:
    """One `[[requests]]` entry of a service's file."""

    activity: Activity
    path: tuple[str, ...]
    method: tuple[str, ...] = ("POST",)
    host: tuple[str, ...] = ()
    query: Mapping[str, Wanted] = field(default_factory=dict)
    form: Mapping[str, Wanted] = field(default_factory=dict)
    params: Mapping[str, Wanted] = field(default_factory=dict)
    json: Mapping[str, Wanted] = field(default_factory=dict)
    operation: tuple[str, ...] = ()

    @property
    def needs_body(self) -> bool:
        """Whether the answer may depend on the request's body."""
        return bool(self.form or self.params or self.json or self.operation)

    def may_match(self, method: str, host: str, path: str) -> bool:
        """Whether method, host and (plain, see `plain_path`) path fit: what is known before the body."""
        return (
            path != ""
            and method in self.method
            and any(glob_path(p).fullmatch(path) for p in self.path)
            and self.on_host(host)
        )

    def on_host(self, host: str) -> bool:
        """Whether the pattern speaks of this host."""
        return not self.host or any(host == h or host.endswith("." + h) for h in self.host)

    def matches(self, seen: Observation) -> bool:
        """Whether the whole request fits."""
        return self.may_match(seen.method, seen.host, plain_path(seen.path)) and self.fields_match(
            seen, tuple(operations(seen))
        )

    def fields_match(self, seen: Observation, names: tuple[str, ...]) -> bool:
        """Whether query, body and the names of its operations fit; for a request whose method, host and path do."""
        return (
            all(_field(wanted, seen.query.get(name, ())) for name, wanted in self.query.items())
            and all(_field(wanted, seen.form.get(name, ())) for name, wanted in self.form.items())
            and all(
                _field(wanted, (*seen.query.get(name, ()), *seen.form.get(name, ())))
                for name, wanted in self.params.items()
            )
            and (not self.json or any(self._json_holds(document) for document in _documents(seen.json)))
            and (not self.operation or _field(self.operation, names))
        )

    def _json_holds(self, document: object) -> bool:
        return all(_field(wanted, tuple(_walk(document, name.split(".")))) for name, wanted in self.json.items())


class PatternIndex:
    """The patterns of a service, found by method and by path without trying each."""

    def __init__(self, patterns: Sequence[RequestPattern]) -> None:
        self._patterns = patterns
        self._plain: dict[tuple[str, str], list[int]] = {}
        self._globs: dict[tuple[str, str], dict[str, list[int]]] = {}
        for number, pattern in enumerate(patterns):
            for method, path in product(pattern.method, pattern.path):
                if "*" not in path:
                    self._plain.setdefault((method, path.rstrip("/") or "/"), []).append(number)
                else:
                    start = _first_segment(path)
                    place = self._globs.setdefault((method, "" if "*" in start else start), {})
                    place.setdefault(path, []).append(number)

    def match(self, seen: Observation) -> RequestPattern | None:
        """The first pattern that fits the whole request."""
        names: tuple[str, ...] | None = None
        for pattern in self.candidates(seen.method, seen.host, plain_path(seen.path)):
            if pattern.operation and names is None:
                names = tuple(operations(seen))
            if pattern.fields_match(seen, names or ()):
                return pattern
        return None

    def candidates(self, method: str, host: str, path: str) -> list[RequestPattern]:
        """Patterns that `may_match`, in order; `path` is plain."""
        numbers = self._numbers(method, path)
        return [p for number in sorted(set(numbers)) if (p := self._patterns[number]).on_host(host)] if numbers else []

    def needs_body(self, method: str, path: str) -> bool:
        """Whether a pattern that asks for the body has this method and path; `path` as it was sent."""
        numbers = self._numbers(method, plain_path(path))
        return any(self._patterns[number].needs_body for number in numbers)

    def _numbers(self, method: str, path: str) -> list[int]:
        if not path:
            return []
        found = list(self._plain.get((method, path), ()))
        for start in (_first_segment(path), ""):
            for glob, numbers in self._globs.get((method, start), _NO_GLOBS).items():
                if glob_path(glob).fullmatch(path):
                    found += numbers
        return found


_NO_GLOBS: Mapping[str, list[int]] = {}


def _first_segment(path: str) -> str:
    end = path.find("/", 1)
    return path[:end] if end > 0 else path


def operations(seen: Observation) -> Iterator[str]:
    """Names of the GraphQL operations that a request carries, wherever clients put them."""
    if seen.operation:
        yield seen.operation
    for name in ("fb_api_req_friendly_name", "operationName"):
        yield from seen.form.get(name, ())
    for name in ("operationName", "opname"):
        yield from seen.query.get(name, ())
    for document in _documents(seen.json):
        for key in ("operationName", "operation"):
            yield from _walk(document, [key])


def plain_path(path: str) -> str:
    """A request's path as patterns see it: percent-decoded once, no query, no trailing slash; empty if too long."""
    path = path.partition("?")[0]
    if len(path) > LONGEST_PATH:
        return ""
    return (unquote(path) if "%" in path else path).rstrip("/") or "/"


@cache
def glob_path(glob: str) -> re.Pattern[str]:
    """A path glob as a regular expression."""
    parts = re.split(r"(\*\*|\*)", glob.rstrip("/") or "/")
    return re.compile("".join(".*" if p == "**" else "[^/]*" if p == "*" else re.escape(p) for p in parts), re.DOTALL)


@cache
def _glob_value(glob: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in glob.split("*")), re.DOTALL)


def _field(wanted: Wanted, values: tuple[str, ...]) -> bool:
    if wanted is True or wanted is False:
        return bool(values) is wanted
    return any(
        any(_glob_value(glob).fullmatch(value[:LONGEST_VALUE]) for value in values) if "*" in glob else glob in values
        for glob in wanted
    )


def _documents(json: object) -> list[object]:
    return json if isinstance(json, list) else [] if json is None else [json]


def _walk(document: object, keys: list[str]) -> Iterator[str]:
    """The texts at a dotted path. Never by recursion: a hostile body nests deeper than Python's stack."""
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, list):
            waiting.extend((item, depth) for item in reversed(value))
        elif depth < len(keys):
            if isinstance(value, dict) and keys[depth] in value:
                waiting.append((value[keys[depth]], depth + 1))
        elif value is not None:
            yield _text(value)


def _text(value: object) -> str:
    """A value as JSON text; a whole number is written without its point, and a table is only there."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else "{}"
