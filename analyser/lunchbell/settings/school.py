"""The school's file, `lunchbell.toml`: its tables, and what they mean together.

Every key is documented in `config/README.md`; a test holds that.
"""

from copy import deepcopy
from datetime import date, datetime
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from lunchbell.policy.words import Activity, Network
from lunchbell.settings import fields, toml
from lunchbell.settings.fields import NetworkValue, SpanValue, Table
from lunchbell.settings.problems import Problems

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class SchoolTable(Table):
    """`[school]`"""

    name: str
    timezone: str = "Europe/London"
    public_networks: list[NetworkValue] = []
    email_domains: list[str] = []


class RangeTable(Table):
    """A term or a closure: both days are included."""

    name: str
    first: date
    last: date


class BellsTable(Table):
    """Working time, breaks and lunches of a day; what is not given is the timetable's."""

    work: SpanValue | None = None
    break_: list[SpanValue] | None = Field(default=None, alias="break")
    lunch: list[SpanValue] | None = None


class SpecialDayTable(BellsTable):
    """`special_days`: a day with bells of its own."""

    date: date
    timetable: str | None = None


class CalendarTable(Table):
    """`[calendar]`"""

    terms: list[RangeTable]
    bank_holidays: Literal["England", "Wales", "Scotland", "Northern Ireland", ""] = ""
    closures: list[RangeTable] = []
    staff_days: list[date] = []
    special_days: list[SpecialDayTable] = []


class TimetableTable(Table):
    """`[timetables.NAME]`"""

    days: list[Weekday]
    work: SpanValue
    break_: list[SpanValue] = Field(default=[], alias="break")
    lunch: list[SpanValue] = []
    mon: BellsTable | None = None
    tue: BellsTable | None = None
    wed: BellsTable | None = None
    thu: BellsTable | None = None
    fri: BellsTable | None = None
    sat: BellsTable | None = None
    sun: BellsTable | None = None


class PersonTable(Table):
    """`[people."NAME"]`"""

    timetable: str


class GroupTable(Table):
    """`[groups.NAME]`"""

    networks: list[NetworkValue]
    equipment: fields.Equipment
    audience: fields.Audience
    timetable: str
    designated: bool = False
    people: Annotated[int, Field(ge=1)] | None = None


class OfficialTable(Table):
    """`[official]`"""

    users: list[str] = []


class TeachingTable(Table):
    """`[teaching]`"""

    services: list[str] = []


class LocalServiceTable(Table):
    """`[[local_services]]`"""

    host: str
    software: str


class ApprovalTable(Table):
    """`[[approvals]]`"""

    first: datetime
    last: datetime
    approved_by: str
    reason: str
    user: str = ""
    group: str = ""
    services: list[str] = []
    kinds: list[fields.Kind] = []
    granted: datetime | None = None


class CaseTable(Table):
    """`[[cases]]`: what the school expects of its policy; `lunchbell check` holds it to them."""

    at: datetime
    group: str
    service: str
    outcome: fields.Outcome
    activity: fields.Activity = Activity.OPEN
    user: str = ""
    network: fields.NetworkWord = Network.SCHOOL


class AnalyserTable(Table):
    """`[analyser]`"""

    listen: str = "127.0.0.1:8421"
    database: str = "lunchbell.db"
    public_address: str = ""
    keys: str = "lunchbell.keys"


class ProxyTable(Table):
    """`[proxy]`"""

    listen: str = "127.0.0.1:8080"
    mode: str = "regular"
    upstream: str = ""
    outbox: str = "lunchbell-outbox.db"
    token: str = "lunchbell.token"
    certificates: str = "lunchbell-ca"
    authorities: str = ""
    sign_in: str = ""
    trial: bool = False
    metrics: str = ""


class ContactsTable(Table):
    """`[contacts]`"""

    head: str = ""
    chair_of_governors: str = ""
    e_safety_governor: str = ""
    it: str = ""


class SchoolFile(Table):
    """The whole of `lunchbell.toml`."""

    policy: str
    school: SchoolTable
    calendar: CalendarTable
    timetables: dict[str, TimetableTable]
    groups: dict[str, GroupTable]
    people: dict[str, PersonTable] = {}
    official: OfficialTable = OfficialTable()
    teaching: TeachingTable = TeachingTable()
    local_services: list[LocalServiceTable] = []
    devices: dict[str, str] = {}
    approvals: list[ApprovalTable] = []
    cases: list[CaseTable] = []
    grace_minutes: Annotated[int, Field(ge=0, le=15)] = 0
    analyser: AnalyserTable = AnalyserTable()
    proxy: ProxyTable = ProxyTable()
    contacts: ContactsTable = ContactsTable()
    action: dict[str, Literal["observe", "coach", "block"]] = {}
    retention: dict[str, Any] = {}
    roles: dict[str, Any] = {}
    feeds: dict[str, Any] = {}


RESERVED = ("action", "retention", "roles", "feeds")
"""Tables of the contract that this version reads and does not act on yet; `check` says so where they are given."""

_NAMED = frozenset({"timetables", "groups", "people"})
"""Tables of tables: a mistake in one entry leaves the others."""

_EMPTY: dict[toml.Place, Any] = {
    ("policy",): "",
    ("school",): {"name": ""},
    ("school", "name"): "",
    ("calendar",): {"terms": []},
    ("calendar", "terms"): [],
    ("timetables",): {},
    ("groups",): {},
}
"""What stands in for a required part that cannot be read, so that the rest is checked all the same."""


def read_school(path: Path, problems: Problems) -> tuple[SchoolFile | None, frozenset[str]]:
    """The school's file, and the parts of it that could not be read, such as `timetables.teachers`.

    What speaks of such a part is not at fault. Every such part has been reported, so these settings are never used.
    """
    unread: set[str] = set()

    def cut(table: dict[str, Any], place: toml.Place) -> None:
        if place[0] in _NAMED:
            place = place[:2]
        # Up to the first list, and all of it: without one item the others would be miscounted.
        keys = tuple(takewhile(lambda part: isinstance(part, str), place))
        toml.take_out(table, keys)
        unread.add(".".join(map(str, keys)))
        if keys in _EMPTY:
            *above, last = keys
            for key in above:
                table = table[str(key)]
            table[str(last)] = deepcopy(_EMPTY[keys])

    table = toml.parse(path, problems, path.name)
    file = None if table is None else toml.check(table, SchoolFile, problems, path.name, cut)
    return file, frozenset(unread)
