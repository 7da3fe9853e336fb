"""Mistakes in the school's files: collected, so that all are reported at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong and what to do. `warning`: Lunchbell can run with it."""

    file: str
    key: str
    value: str
    what: str
    warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}{f' = {self.value}' if self.value else ''}: {self.what}"


class SettingsError(Exception):
    """The files cannot be used; `problems` are all that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class Problems:
    """Collects mistakes while files are read."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def error(self, file: str, key: str, value: object, what: str) -> None:
        """A mistake that stops Lunchbell from using the files."""
        self.found.append(Problem(file, key, shown(value), what))

    def warn(self, file: str, key: str, value: object, what: str) -> None:
        """Something to look at that Lunchbell can run with."""
        self.found.append(Problem(file, key, shown(value), what, warning=True))

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.found if not p.warning]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.found if p.warning)

    def raise_errors(self) -> None:
        """SettingsError with every mistake so far, if there is one."""
        if self.errors:
            raise SettingsError(self.found)


def shown(value: object) -> str:
    """A value as the file has it, short."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, dict):
        text = "{ ... }"
    elif isinstance(value, list):
        text = f"[{', '.join(shown(v) for v in value)}]"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def nearest(value: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, else nothing."""
    return next(iter(get_close_matches(value, sorted(known), n=1)), "")


def one_of(value: str, known: Iterable[str], what: str) -> str:
    """`there is no such ...; did you mean ...`: what to do about an unknown name."""
    names = sorted(known)
    if near := nearest(value, names):
        return f'there is no such {what}; did you mean "{near}"?'
    return f"there is no such {what}; use one of: {', '.join(names) or 'none is defined yet'}"
