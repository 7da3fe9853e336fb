"""From the school's file to what the core works with, reporting everything that does not fit together."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from lunchbell.policy.calendar import Bells, Calendar, Range, Span, SpecialDay, Timetable, instant_ms
from lunchbell.policy.hosts import host_of
from lunchbell.policy.services import Service
from lunchbell.policy.verdicts import Approval, Group, user_of
from lunchbell.policy.wall_clock import instant_on_wall
from lunchbell.settings.problems import Problems, one_of
from lunchbell.settings.school import BellsTable, CalendarTable, SchoolFile, SpecialDayTable, TimetableTable
from lunchbell.settings.services import SoftwareFile, local_service

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SUBDIVISIONS = {"England": "ENG", "Wales": "WLS", "Scotland": "SCT", "Northern Ireland": "NIR"}


class Builder:
    """Checks one school's file against itself and the catalogue; `name` is what messages call the file."""

    def __init__(self, file: SchoolFile, name: str, problems: Problems) -> None:
        self.file, self.name, self.problems = file, name, problems

    def error(self, key: str, value: object, what: str) -> None:
        self.problems.error(self.name, key, value, what)

    def warn(self, key: str, value: object, what: str) -> None:
        self.problems.warn(self.name, key, value, what)

    def zone(self) -> ZoneInfo:
        """The school's time zone; UTC after reporting an unknown one."""
        try:
            return ZoneInfo(self.file.school.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.error("school.timezone", self.file.school.timezone, 'is no time zone; for the UK write "Europe/London"')
            return ZoneInfo("UTC")

    def calendar(self, zone: ZoneInfo) -> Calendar:
        """The calendar with every timetable."""
        table = self.file.calendar
        for key, ranges in (("terms", table.terms), ("closures", table.closures)):
            for number, r in enumerate(ranges, 1):
                if r.first > r.last:
                    self.error(f"calendar.{key}[{number}]", r.name, f"begins {r.first}, after it ends {r.last}; swap them")
        terms = sorted(table.terms, key=lambda r: r.first)
        for earlier, later in zip(terms, terms[1:], strict=False):
            if later.first <= earlier.last:
                self.error("calendar.terms", later.name, f'overlaps "{earlier.name}"; correct the dates')
        if not self.file.timetables:
            self.error("timetables", None, "is empty; describe at least one day's bells in [timetables.NAME]")
        calendar = Calendar(
            zone=zone,
            timetables={name: self._timetable(name, t) for name, t in self.file.timetables.items()},
            terms=tuple(Range(r.first, r.last, r.name) for r in table.terms),
            closures=tuple(Range(r.first, r.last, r.name) for r in table.closures),
            bank_holidays=_bank_holidays(table),
            staff_days=frozenset(table.staff_days),
            special_days=tuple(self._special_day(n, d) for n, d in enumerate(table.special_days, 1)),
        )
        for special in calendar.special_days:
            names = [special.timetable] if special.timetable else list(calendar.timetables)
            if not any(calendar.works(special.date, n) for n in names if n in calendar.timetables):
                self.warn(
                    "calendar.special_days", special.date, "is not a working day; if staff work, add it to staff_days too"
                )
        return calendar

    def _timetable(self, name: str, table: TimetableTable) -> Timetable:
        key = f"timetables.{name}"
        usual = Bells(table.work, tuple(table.break_), tuple(table.lunch))
        self._check_bells(key, usual)
        weekdays = {}
        for number, weekday in enumerate(WEEKDAYS):
            override: BellsTable | None = getattr(table, weekday)
            if weekday in table.days:
                weekdays[number] = self._override(f"{key}.{weekday}", usual, override) if override else usual
            elif override:
                self.error(f"{key}.{weekday}", None, f'is given, but "{weekday}" is not among its days; add it there')
        if not table.days:
            self.error(f"{key}.days", [], 'is empty; write the days that are worked, such as ["mon", "tue"]')
        return Timetable(usual, weekdays)

    def _override(self, key: str, usual: Bells, table: BellsTable) -> Bells:
        day = SpecialDay(date.min, table.work, _spans(table.break_), _spans(table.lunch)).bells(usual)
        self._check_bells(key, day)
        return day

    def _special_day(self, number: int, table: SpecialDayTable) -> SpecialDay:
        key = f"calendar.special_days[{number}]"
        if table.timetable is not None and table.timetable not in self.file.timetables:
            self.error(f"{key}.timetable", table.timetable, one_of(table.timetable, self.file.timetables, "timetable"))
        day = SpecialDay(table.date, table.work, _spans(table.break_), _spans(table.lunch), table.timetable)
        for name, timetable in self.file.timetables.items():
            if table.timetable in (None, name):
                usual = Bells(timetable.work, tuple(timetable.break_), tuple(timetable.lunch))
                override: BellsTable | None = getattr(timetable, WEEKDAYS[table.date.weekday()])
                if override:
                    usual = SpecialDay(date.min, override.work, _spans(override.break_), _spans(override.lunch)).bells(usual)
                self._check_bells(key, day.bells(usual))
        return day

    def _check_bells(self, key: str, bells: Bells) -> None:
        inside = sorted([(s, "break") for s in bells.breaks] + [(s, "lunch") for s in bells.lunches])
        for (start, end), what in inside:
            if start < bells.work[0] or end > bells.work[1]:
                self.error(
                    f"{key}.{what}",
                    clock_span((start, end)),
                    f"lies outside work ({clock_span(bells.work)}); move it inside, or correct work",
                )
        for (first, what), (second, other) in zip(inside, inside[1:], strict=False):
            if second[0] < first[1]:
                self.error(
                    f"{key}.{other}",
                    clock_span(second),
                    f"overlaps {what} {clock_span(first)}; one must end before the other begins",
                )

    def groups(self) -> dict[str, Group]:
        """Every group; networks that two groups claim are mistakes."""
        owners: dict[IPv4Network | IPv6Network, str] = {}
        for name, table in self.file.groups.items():
            self._check_timetable(f"groups.{name}.timetable", table.timetable)
            if not table.networks:
                self.error(f"groups.{name}.networks", [], 'is empty; write its networks, such as ["10.40.1.0/24"]')
            for network in table.networks:
                if network in owners:
                    self.error(f"groups.{name}.networks", network, f"group {owners[network]} has this network too")
                owners[network] = name
        if not self.file.groups:
            self.error("groups", None, "is empty; describe at least one group of devices in [groups.NAME]")
        return {
            name: Group(name, t.equipment, t.designated, t.audience, t.timetable)
            for name, t in self.file.groups.items()
        }

    def people(self) -> dict[str, str]:
        """User -> timetable."""
        for name, person in self.file.people.items():
            self._check_timetable(f'people."{name}".timetable', person.timetable)
        return {user_of(name): person.timetable for name, person in self.file.people.items()}

    def _check_timetable(self, key: str, timetable: str) -> None:
        if timetable not in self.file.timetables:
            self.error(key, timetable, one_of(timetable, self.file.timetables, "timetable"))

    def local_services(self, software: Mapping[str, SoftwareFile]) -> list[Service]:
        """Software on hosts of the school or others."""
        found = []
        for number, table in enumerate(self.file.local_services, 1):
            key = f"local_services[{number}]"
            if table.software not in software:
                self.error(f"{key}.software", table.software, one_of(table.software, software, "software"))
            elif "." not in host_of(table.host):
                self.error(f"{key}.host", table.host, 'is no host name; write it like "wiki.school.example"')
            else:
                found.append(local_service(table.host, software[table.software]))
        return found

    def check_services(self, key: str, services: Collection[str], known: Collection[str]) -> None:
        """Each service must be in the catalogue."""
        for service in services:
            if service not in known:
                self.error(key, service, one_of(service, known, "service"))

    def approvals(self, zone: ZoneInfo, known: Collection[str]) -> tuple[Approval, ...]:
        """Prior approvals, their times resolved."""
        found = []
        for number, table in enumerate(self.file.approvals, 1):
            key = f"approvals[{number}]"
            if bool(table.user) == bool(table.group):
                self.error(key, table.reason, "give either a user or a group")
            if table.group and table.group not in self.file.groups:
                self.error(f"{key}.group", table.group, one_of(table.group, self.file.groups, "group"))
            if not (table.services or table.kinds):
                self.error(key, table.reason, "give the services or the kinds that it is for")
            self.check_services(f"{key}.services", table.services, known)
            times = {name: self._instant(f"{key}.{name}", getattr(table, name), zone) for name in ("first", "last")}
            granted = self._instant(f"{key}.granted", table.granted, zone) if table.granted else None
            if times["first"] >= times["last"]:
                self.error(f"{key}.last", table.last, "is not after first; correct the times")
            found.append(
                Approval(
                    first=times["first"],
                    last=times["last"],
                    user=user_of(table.user),
                    group=table.group,
                    services=frozenset(table.services),
                    kinds=frozenset(table.kinds),
                    granted=granted,
                )
            )
        return tuple(found)

    def check_cases(self, zone: ZoneInfo, known: Collection[str]) -> None:
        """Cases must speak of groups, services and times that exist."""
        for number, case in enumerate(self.file.cases, 1):
            key = f"cases[{number}]"
            self._instant(f"{key}.at", case.at, zone)
            self.check_services(f"{key}.service", [case.service], known)
            if case.group not in self.file.groups:
                self.error(f"{key}.group", case.group, one_of(case.group, self.file.groups, "group"))

    def _instant(self, key: str, at: datetime, zone: ZoneInfo) -> int:
        try:
            return instant_ms(instant_on_wall(at, zone))
        except ValueError as error:
            self.error(key, None, str(error))
            return instant_ms(at.replace(tzinfo=zone))


class Clients:
    """Client address -> group, the longest prefix first."""

    def __init__(self, file: SchoolFile, groups: Mapping[str, Group]) -> None:
        self._networks = sorted(
            ((network, groups[name]) for name, table in file.groups.items() for network in table.networks),
            key=lambda pair: -pair[0].prefixlen,
        )
        self.group_of = lru_cache(maxsize=65536)(self._group_of)

    def _group_of(self, address: str) -> Group | None:
        """The group of an address, None if no group has it; ValueError if it is no address."""
        ip = ip_address(address.partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return next((group for network, group in self._networks if ip in network), None)


def clock_span(span: Span) -> str:
    """`08:30-16:00`."""
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span)


def _spans(spans: list[Span] | None) -> tuple[Span, ...] | None:
    return None if spans is None else tuple(spans)


def _bank_holidays(table: CalendarTable) -> frozenset[date]:
    if not table.bank_holidays:
        return frozenset()
    days = [day for term in table.terms for day in (term.first, term.last)] or [date(2026, 1, 1)]
    years = range(min(days).year, max(days).year + 1)
    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[table.bank_holidays], years=years))
