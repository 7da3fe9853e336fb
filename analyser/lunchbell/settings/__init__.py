"""Reads and checks the school's files: `load` gives everything the edges need, or every mistake at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from lunchbell.policy.calendar import Calendar
from lunchbell.policy.rules import Policy
from lunchbell.policy.services import Catalogue
from lunchbell.policy.tables import Tables
from lunchbell.policy.verdicts import Group, Judge
from lunchbell.settings.build import Builder, Clients
from lunchbell.settings.places import config_dir
from lunchbell.settings.policies import name_of, policy_path, read_policy, warn_of_policy
from lunchbell.settings.problems import Problem, Problems, SettingsError
from lunchbell.settings.school import RESERVED, SchoolFile, read_school
from lunchbell.settings.services import ids_in, read_services, read_software

__all__ = ["Problem", "Settings", "SettingsError", "load", "shipped_catalogue"]


@dataclass(frozen=True, slots=True)
class Settings:
    """A school, checked. `fingerprint` names the policy and the exact files that judge."""

    path: Path
    file: SchoolFile
    zone: ZoneInfo
    calendar: Calendar
    policy: Policy
    catalogue: Catalogue
    groups: Mapping[str, Group]
    clients: Clients
    devices: Mapping[str, str]
    judge: Judge
    fingerprint: str
    warnings: tuple[Problem, ...]

    def beside(self, name: str) -> Path:
        """A path that the school's file names, relative to that file."""
        return self.path.parent / name

    def tables(self) -> Tables:
        """The core's tables for this school."""
        return Tables.of(self.judge, self.groups.values(), self.catalogue.kinds())


def shipped_catalogue() -> Catalogue:
    """The shipped catalogue alone, for work that needs no school; SettingsError if a file is damaged."""
    problems = Problems()
    config = config_dir()
    services = read_services(config / "services", read_software(config / "software", problems), problems)
    problems.raise_errors()
    return Catalogue(services)


def load(path: Path, *, today: date, policy: str = "") -> Settings:
    """The school's file and everything it names; SettingsError with every mistake. `policy` overrides the file's."""
    problems = Problems()
    config = config_dir()
    software = read_software(config / "software", problems)
    services = read_services(config / "services", software, problems)
    file, unread = read_school(path, problems)
    kinds = {service.id: service.kind for service in services} | {s.id: s.kind for s in software.values() if s}
    own_ids = frozenset(ids_in(config / "services"))
    ids = own_ids | kinds.keys() | software.keys()
    chosen = policy or (file.policy if file else "")
    policy_file = policy_path(chosen, config / "policies", path.parent)
    shipped = sorted(p.stem for p in (config / "policies").glob("*.toml"))
    written = None
    if chosen and not _is_file(policy_file):
        problems.error(
            path.name,
            "policy",
            chosen,
            f"there is no such policy; use one of {', '.join(shipped)}, or a path to your own",
        )
    elif not chosen and file and "policy" not in unread:
        problems.error(path.name, "policy", None, f"is empty; use one of {', '.join(shipped)}, or a path to your own")
    elif chosen:
        written = read_policy(policy_file, ids, problems)
    if file is None:
        raise SettingsError(problems.found)
    builder = Builder(file, path.name, problems, unread)
    zone = builder.zone()
    calendar = builder.calendar(zone)
    groups = builder.groups()
    people = builder.people()
    devices = builder.devices()
    official = builder.official()
    builder.check_services("teaching.services", file.teaching.services, ids)
    local = builder.local_services(software)
    approvals = builder.approvals(zone, ids)
    builder.check_cases(zone, own_ids | {s.id for s in local})
    problems.raise_errors()
    assert written is not None
    warn_of_policy(written, name_of(policy_file), kinds, today, problems)
    _warn_of_reserved(file, path.name, problems)
    whole = Catalogue(services, local)
    judge = Judge(
        policy=written,
        timelines={name: calendar.timeline(name) for name in calendar.timetables},
        people=people,
        official=official,
        teaching=frozenset(file.teaching.services),
        approvals=approvals,
        grace=file.grace_minutes * 60_000,
    )
    return Settings(
        path=path,
        file=file,
        zone=zone,
        calendar=calendar,
        policy=written,
        catalogue=whole,
        groups=groups,
        clients=Clients(file, groups),
        devices=devices,
        judge=judge,
        fingerprint=f"{written.id}@{_fingerprint(path, policy_file, config)}",
        warnings=problems.warnings,
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is too long
        return False


def _warn_of_reserved(file: SchoolFile, name: str, problems: Problems) -> None:
    for table in RESERVED:
        if getattr(file, table):
            problems.warn(name, table, None, "this version does not act on it yet")


def _fingerprint(school: Path, policy: Path, config: Path) -> str:
    digest = sha256()
    for path in (
        school,
        policy,
        *sorted((config / "services").glob("*.toml")),
        *sorted((config / "software").glob("*.toml")),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
