"""From the school's file to what the core works with, reporting everything that does not fit together."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import pairwise
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
_YEARS = (2000, 2100)
_SUBDIVISIONS = {"England": "ENG", "Wales": "WLS", "Scotland": "SCT", "Northern Ireland": "NIR"}


class Builder:
    """Checks one school's file against itself and the catalogue; `name` is what messages call the file.

    `unread` are parts of the file that were reported already: what speaks of them is not at fault.
    """

    def __init__(self, file: SchoolFile, name: str, problems: Problems, unread: Collection[str] = ()) -> None:
        self.file, self.name, self.problems, self.unread = file, name, problems, unread

    def error(self, key: str, value: object, what: str) -> None:
        self.problems.error(self.name, key, value, what)

    def warn(self, key: str, value: object, what: str) -> None:
        self.problems.warn(self.name, key, value, what)

    def _check_name(self, key: str, value: str, table: str, what: str) -> None:
        """`value` must be the name of an entry of `table`."""
        known: Collection[str] = getattr(self.file, table)
        if value not in known and not {table, f"{table}.{value}"} & set(self.unread):
            self.error(key, value, one_of(value, known, what))

    def _is_empty(self, key: str, value: Collection[object]) -> bool:
        return not value and not any(part == key or part.startswith(f"{key}.") for part in self.unread)

    def zone(self) -> ZoneInfo:
        """The school's time zone; UTC after reporting an unknown one."""
        try:
            return ZoneInfo(self.file.school.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.error(
                "school.timezone", self.file.school.timezone, 'is no time zone; for the UK write "Europe/London"'
            )
            return ZoneInfo("UTC")

    def calendar(self, zone: ZoneInfo) -> Calendar:
        """The calendar with every timetable."""
        table = self.file.calendar
        for key, ranges in (("terms", table.terms), ("closures", table.closures)):
            for number, r in enumerate(ranges, 1):
                if r.first > r.last:
                    self.error(
                        f"calendar.{key}[{number}]", r.name, f"begins {r.first}, after it ends {r.last}; swap them"
                    )
        if self._is_empty("calendar.terms", table.terms) and "calendar" not in self.unread:
            self.error(
                "calendar.terms", [], 'is empty; write the terms, such as { name = "Autumn", first = ..., last = ... }'
            )
        for key, day in self._days():
            if not _YEARS[0] <= day.year <= _YEARS[1]:
                self.error(key, day, f"lies outside the years {_YEARS[0]} to {_YEARS[1]}; correct the year")
        terms = sorted(table.terms, key=lambda r: r.first)
        for earlier, later in pairwise(terms):
            if later.first <= earlier.last:
                self.error("calendar.terms", later.name, f'overlaps "{earlier.name}"; correct the dates')
        if self._is_empty("timetables", self.file.timetables):
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
        for special in (
            () if any(part.startswith(("calendar", "timetables")) for part in self.unread) else calendar.special_days
        ):
            names = [special.timetable] if special.timetable else list(calendar.timetables)
            if not any(calendar.works(special.date, n) for n in names if n in calendar.timetables):
                self.warn(
                    "calendar.special_days",
                    special.date,
                    "is not a working day; if staff work, add it to staff_days too",
                )
        return calendar

    def _days(self) -> Iterator[tuple[str, date]]:
        """Every day that the calendar names, with its key."""
        table = self.file.calendar
        for key, ranges in (("terms", table.terms), ("closures", table.closures)):
            for number, r in enumerate(ranges, 1):
                yield f"calendar.{key}[{number}].first", r.first
                yield f"calendar.{key}[{number}].last", r.last
        for number, day in enumerate(table.staff_days, 1):
            yield f"calendar.staff_days[{number}]", day
        for number, special in enumerate(table.special_days, 1):
            yield f"calendar.special_days[{number}].date", special.date

    def _timetable(self, name: str, table: TimetableTable) -> Timetable:
        key = f"timetables.{name}"
        usual = _usual(table)
        self._check_bells(key, usual)
        weekdays = {}
        for number, weekday in enumerate(WEEKDAYS):
            override: BellsTable | None = getattr(table, weekday)
            if weekday in table.days:
                weekdays[number] = _on_day(usual, override)
                if override and not _mistakes(usual):
                    self._check_bells(f"{key}.{weekday}", weekdays[number])
            elif override:
                self.error(f"{key}.{weekday}", None, f'is given, but "{weekday}" is not among its days; add it there')
        if not table.days:
            self.error(f"{key}.days", [], 'is empty; write the days that are worked, such as ["mon", "tue"]')
        return Timetable(usual, weekdays)

    def _special_day(self, number: int, table: SpecialDayTable) -> SpecialDay:
        key = f"calendar.special_days[{number}]"
        if table.timetable is not None:
            self._check_name(f"{key}.timetable", table.timetable, "timetables", "timetable")
        day = SpecialDay(table.date, table.work, _spans(table.break_), _spans(table.lunch), table.timetable)
        for name, timetable in self.file.timetables.items():
            usual = _on_day(_usual(timetable), getattr(timetable, WEEKDAYS[table.date.weekday()]))
            if table.timetable in (None, name) and not _mistakes(usual) and _mistakes(day.bells(usual)):
                self._check_bells(key, day.bells(usual))
                break  # the same mistake on every timetable is told once
        return day

    def _check_bells(self, key: str, bells: Bells) -> None:
        for what, span, mistake in _mistakes(bells):
            self.error(f"{key}.{what}", clock_span(span), mistake)

    def groups(self) -> dict[str, Group]:
        """Every group; networks that two groups claim are mistakes."""
        owners: dict[IPv4Network | IPv6Network, str] = {}
        for name, table in self.file.groups.items():
            self._check_name(f"groups.{name}.timetable", table.timetable, "timetables", "timetable")
            if not table.networks:
                self.error(f"groups.{name}.networks", [], 'is empty; write its networks, such as ["10.40.1.0/24"]')
            for network in table.networks:
                if network in owners:
                    taken = f"group {owners[network]} has this network too; give it to one of them"
                    self.error(f"groups.{name}.networks", str(network), taken)
                owners[network] = name
        if self._is_empty("groups", self.file.groups):
            self.error("groups", None, "is empty; describe at least one group of devices in [groups.NAME]")
        return {
            name: Group(name, t.equipment, t.designated, t.audience, t.timetable)
            for name, t in self.file.groups.items()
        }

    def devices(self) -> dict[str, str]:
        """Device address -> its name."""
        found = {}
        for address, name in self.file.devices.items():
            try:
                found[str(ip_address(address))] = name
            except ValueError:
                self.error(f'devices."{address}"', name, 'is no address; write it like "10.40.1.17" = "laptop-07"')
            if not name.strip():
                self.error(f'devices."{address}"', name, "is empty; give the device a name, or remove it")
        return found

    def people(self) -> dict[str, str]:
        """User -> timetable."""
        for name, person in self.file.people.items():
            self._check_name(f'people."{name}".timetable', person.timetable, "timetables", "timetable")
        return {self._user("people", name): person.timetable for name, person in self.file.people.items()}

    def official(self) -> frozenset[str]:
        """Those who post for the school."""
        return frozenset(self._user("official.users", name) for name in self.file.official.users)

    def _user(self, key: str, name: str) -> str:
        if not user_of(name):
            self.error(key, name, 'is no user name; write it like "j.okafor"')
        return user_of(name)

    def local_services(self, software: Mapping[str, SoftwareFile | None]) -> list[Service]:
        """Software on hosts of the school or others."""
        found = []
        for number, table in enumerate(self.file.local_services, 1):
            key = f"local_services[{number}]"
            if table.software not in software:
                self.error(f"{key}.software", table.software, one_of(table.software, software, "software"))
            elif "." not in host_of(table.host):
                self.error(f"{key}.host", table.host, 'is no host name; write it like "wiki.school.example"')
            elif known := software[table.software]:
                found.append(local_service(table.host, known))
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
            if table.group:
                self._check_name(f"{key}.group", table.group, "groups", "group")
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
                    user=self._user(f"{key}.user", table.user) if table.user else "",
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
            self._check_name(f"{key}.group", case.group, "groups", "group")

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


def _usual(table: TimetableTable) -> Bells:
    return Bells(table.work, tuple(table.break_), tuple(table.lunch))


def _on_day(usual: Bells, day: BellsTable | None) -> Bells:
    return SpecialDay(date.min, day.work, _spans(day.break_), _spans(day.lunch)).bells(usual) if day else usual


def _mistakes(bells: Bells) -> list[tuple[str, Span, str]]:
    """Breaks and lunches that lie outside work or on each other: (break or lunch, when, what is wrong)."""
    found = []
    inside = sorted([(span, "break") for span in bells.breaks] + [(span, "lunch") for span in bells.lunches])
    for span, what in inside:
        if span[0] < bells.work[0] or span[1] > bells.work[1]:
            work = clock_span(bells.work)
            found.append((what, span, f"lies outside work ({work}); move it inside, or correct work"))
    for (first, what), (second, other) in pairwise(inside):
        if second[0] < first[1]:
            found.append((other, second, f"overlaps {what} {clock_span(first)}; one must end before the other begins"))
    return found


def _spans(spans: list[Span] | None) -> tuple[Span, ...] | None:
    return None if spans is None else tuple(spans)


def _bank_holidays(table: CalendarTable) -> frozenset[date]:
    if not table.bank_holidays:
        return frozenset()
    days = [day for term in table.terms for day in (term.first, term.last)] or [date(2026, 1, 1)]
    years = range(min(days).year, max(days).year + 1)
    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[table.bank_holidays], years=years))
