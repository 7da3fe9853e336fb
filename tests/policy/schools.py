"""Small schools for the tests of the core: builders with safe defaults, and Hypothesis strategies for random ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from lunchbell.policy.calendar import DAY, MINUTE, Bells, Calendar, Range, SpecialDay, Timetable, instant_ms
from lunchbell.policy.rules import Clause, Policy, Rule
from lunchbell.policy.services import Service
from lunchbell.policy.verdicts import Approval, Group, Judge, Use
from lunchbell.policy.words import Activity, Audience, Equipment, Kind, Network, Outcome, Period

LONDON = ZoneInfo("Europe/London")


def minutes(clock: str) -> int:
    """`12:20` as minutes after midnight."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def span(text: str) -> tuple[int, int]:
    """`12:05-13:00` as minutes."""
    start, end = text.split("-")
    return minutes(start), minutes(end)


def bells(work: str, breaks: str = "", lunches: str = "") -> Bells:
    """Bells as a file writes them; several breaks are separated by spaces."""
    return Bells(span(work), tuple(map(span, breaks.split())), tuple(map(span, lunches.split())))


TEACHERS = bells("08:30-16:00", "10:40-10:55", "12:05-13:00")
OFFICE = bells("08:00-16:30", "11:00-11:15", "12:30-13:15")
WEEK = range(5)


def school_calendar(**changes: object) -> Calendar:
    """Autumn 2026 with a half-term, two timetables and London's clocks; `changes` replace fields."""
    usual = Calendar(
        zone=LONDON,
        timetables={
            "teachers": Timetable(TEACHERS, dict.fromkeys(WEEK, TEACHERS)),
            "office": Timetable(OFFICE, dict.fromkeys(WEEK, OFFICE)),
        },
        terms=(Range(date(2026, 9, 3), date(2026, 12, 18), "Autumn 2026"),),
        closures=(Range(date(2026, 10, 26), date(2026, 10, 30), "Half-term"),),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def at(text: str, zone: ZoneInfo = LONDON) -> int:
    """Milliseconds UTC of a time on the school's wall, or of one with an offset."""
    moment = datetime.fromisoformat(text)
    return instant_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def group(name: str = "staffroom", **changes: object) -> Group:
    """A designated staff room with school equipment; `changes` replace fields."""
    usual = {"equipment": Equipment.SCHOOL, "designated": True, "audience": Audience.STAFF, "timetable": "teachers"}
    return Group(name, **(usual | changes))  # type: ignore[arg-type]


def service(name: str = "chirp", kind: Kind = Kind.MICROBLOG, **changes: object) -> Service:
    """A service on one domain of its own; `changes` replace fields."""
    return Service(name, name.title(), kind, **({"domains": (f"{name}.example",)} | changes))  # type: ignore[arg-type]


def use(activity: Activity = Activity.POST, **changes: object) -> Use:
    """A post from the staff room at school by nobody in particular; `changes` replace fields."""
    return Use(**({"service": service(), "activity": activity, "group": group()} | changes))  # type: ignore[arg-type]


def rule(name: str, outcome: str = "not_permitted", **parts: object) -> Rule:
    """A rule that cites a clause named after itself; lists of words become sets."""
    sets = {key: frozenset(part) if isinstance(part, list) else part for key, part in parts.items()}
    return Rule(name, Outcome(outcome), f"c-{name}", **sets)  # type: ignore[arg-type]


def policy(*rules: Rule) -> Policy:
    """A policy of these rules, with a clause for each."""
    clauses = tuple(Clause(r.clause, r.clause, r.id, r.id) for r in rules)
    return Policy("test", "Policy", "School", date(2026, 9, 1), 12, clauses, rules)


FREE_TIME = [Period.BEFORE_WORK, Period.LUNCH, Period.AFTER_WORK, Period.CLOSED]
LUNCH_POLICY = policy(
    rule("official", "permitted", official=True),
    rule("free-time", "permitted", periods=FREE_TIME),
    rule("working-time", approval=True),
)


def judge_of(calendar: Calendar | None = None, rules: Policy = LUNCH_POLICY, **changes: object) -> Judge:
    """A judge for a calendar; `changes` are the judge's other fields."""
    calendar = calendar or school_calendar()
    timelines = {name: calendar.timeline(name) for name in calendar.timetables}
    return Judge(rules, timelines, **changes)  # type: ignore[arg-type]


# --- Random schools


ANCHORS: Mapping[str, tuple[date, ...]] = {
    # The day the clocks go forward, the day they go back, and days that are odd in other ways.
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31), date(2028, 2, 29)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1), date(2010, 11, 7)),  # until 2011 at one past midnight
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # by half an hour
    "America/Sao_Paulo": (date(2018, 2, 18), date(2018, 11, 4)),  # at midnight, so a day began at one
    "Pacific/Apia": (date(2011, 12, 30),),  # a day that never was
    "Asia/Kathmandu": (date(2028, 2, 29), date(2026, 1, 1)),
    "Pacific/Kiritimati": (date(2026, 12, 31),),
}
PLACES = [(ZoneInfo(zone), day) for zone, days in ANCHORS.items() for day in days]
STEP = 5


@st.composite
def some_bells(draw: st.DrawFn) -> Bells:
    """Bells at any fifth minute of the day; breaks and lunches may touch each other and the ends of work."""
    cuts = draw(st.lists(st.integers(0, DAY // STEP), min_size=2, max_size=8, unique=True).map(sorted))
    first, *inside, last = (cut * STEP for cut in cuts)
    points = [first, *inside, last]
    breaks, lunches = [], []
    for start, end in pairwise(points):
        match draw(st.sampled_from(["work", "break", "lunch"])):
            case "break":
                breaks.append((start, end))
            case "lunch":
                lunches.append((start, end))
    return Bells((first, last), tuple(breaks), tuple(lunches))


@st.composite
def special_days(draw: st.DrawFn, day: date, timetables: list[str]) -> SpecialDay:
    """A day that differs in any key."""
    other = draw(some_bells())
    return SpecialDay(
        day + timedelta(draw(st.integers(-3, 3))),
        work=other.work if (new_work := draw(st.booleans())) else None,
        breaks=other.breaks if new_work and (new_bells := draw(st.booleans())) else None,
        lunches=other.lunches if new_work and new_bells else None,
        timetable=draw(st.sampled_from([None, *timetables])),
    )


@st.composite
def calendars(draw: st.DrawFn, zone: ZoneInfo, day: date) -> Calendar:
    """A calendar whose terms, closures, holidays, staff days and special days all lie near a day."""

    def days(most: int) -> st.SearchStrategy[list[date]]:
        return st.lists(st.integers(-5, 5).map(lambda n: day + timedelta(n)), max_size=most)

    def ranges(most: int) -> st.SearchStrategy[list[Range]]:
        ends = st.tuples(st.integers(-9, 9), st.integers(0, 9))
        return st.lists(ends.map(lambda e: Range(day + timedelta(e[0]), day + timedelta(e[0] + e[1]))), max_size=most)

    timetables = {}
    for name in ("one", "two"):
        usual = draw(some_bells())
        listed = draw(st.sets(st.integers(0, 6)))
        timetables[name] = Timetable(usual, {n: draw(st.just(usual) | some_bells()) for n in sorted(listed)})
    return Calendar(
        zone=zone,
        timetables=timetables,
        terms=tuple(draw(ranges(2))),
        closures=tuple(draw(ranges(1))),
        bank_holidays=frozenset(draw(days(1))),
        staff_days=frozenset(draw(days(2))),
        special_days=tuple(draw(st.lists(special_days(day, ["one", "two"]), max_size=2))),
    )


def instants(zone: ZoneInfo, day: date, calendar: Calendar | None = None) -> st.SearchStrategy[int]:
    """Instants within four days of a day, among them bells and the milliseconds around them."""
    noon = instant_ms(datetime(day.year, day.month, day.day, 12, tzinfo=zone))
    any_time = st.integers(noon - 4 * DAY * MINUTE, noon + 4 * DAY * MINUTE)
    minute = any_time.map(lambda ms: ms // MINUTE * MINUTE)
    rung = [start for name in calendar.timetables for start in calendar.timeline(name).starts] if calendar else []
    near = st.tuples(st.sampled_from(rung), st.integers(-1, 1)).map(sum) if rung else minute
    return any_time | minute | near


def subset(words: type[Period] | type[Activity] | type[Kind] | type[Network] | type[Audience] | type[Equipment]):  # type: ignore[no-untyped-def]
    """Any part of a rule: not given, or some of the words."""
    return st.none() | st.frozensets(st.sampled_from(list(words)), min_size=1, max_size=4)


SERVICES = (
    service("chirp", Kind.MICROBLOG),
    service("wiki", Kind.ENCYCLOPAEDIA),
    service("tube", Kind.VIDEO),
    service("pals", Kind.SOCIAL_NETWORK),
)
GROUPS = (
    group("staffroom", timetable="one"),
    group("classrooms", designated=False, timetable="one"),
    group("phones", equipment=Equipment.PERSONAL, designated=False, timetable="two"),
    group("governors", audience=Audience.GOVERNORS, timetable="two"),
    group("pupils", audience=Audience.PUPILS, timetable="one"),
)
few = settings(max_examples=max(settings().max_examples // 3, 1))
"""For a property that takes long to work out: a third of what the profile says."""

USERS = ("", "j.okafor", "comms", "m.ellis")


@st.composite
def some_rules(draw: st.DrawFn, number: int) -> Rule:
    """A rule with any parts."""
    outcome = draw(st.sampled_from([Outcome.PERMITTED, Outcome.NOT_PERMITTED, Outcome.NOT_COVERED]))
    names = st.none() | st.frozensets(st.sampled_from([s.id for s in SERVICES]), min_size=1, max_size=2)
    return Rule(
        f"r{number}",
        outcome,
        f"c{number}",
        approval=outcome is Outcome.NOT_PERMITTED and draw(st.booleans()),
        audience=draw(subset(Audience)),
        official=draw(st.none() | st.booleans()),
        equipment=draw(subset(Equipment)),
        designated=draw(st.none() | st.booleans()),
        network=draw(subset(Network)),
        kinds=draw(subset(Kind)),
        services=draw(names),
        activities=draw(subset(Activity)),
        periods=draw(subset(Period)),
    )


@st.composite
def policies(draw: st.DrawFn, most: int = 5) -> Policy:
    """A policy whose last rule covers all."""
    rules = [draw(some_rules(number)) for number in range(draw(st.integers(0, most)))]
    outcome = draw(st.sampled_from([Outcome.PERMITTED, Outcome.NOT_PERMITTED]))
    last = Rule("last", outcome, "c-last", approval=outcome is Outcome.NOT_PERMITTED and draw(st.booleans()))
    return policy(*rules, last)


@st.composite
def approvals(draw: st.DrawFn, moments: st.SearchStrategy[int]) -> Approval:
    """An approval for a user or a group, with times on whole minutes, some of them granted too late."""
    first, last = sorted(draw(moments) // MINUTE * MINUTE for _ in range(2))
    for_user = draw(st.booleans())
    return Approval(
        first,
        last + MINUTE,
        user=draw(st.sampled_from(USERS[1:])) if for_user else "",
        group="" if for_user else draw(st.sampled_from([g.id for g in GROUPS])),
        services=frozenset(draw(st.sets(st.sampled_from([s.id for s in SERVICES]), max_size=2))),
        kinds=frozenset(draw(st.sets(st.sampled_from(list(Kind)), max_size=2))),
        granted=draw(st.none() | moments.map(lambda ms: ms // MINUTE * MINUTE)),
    )


@st.composite
def judges(draw: st.DrawFn) -> tuple[Judge, st.SearchStrategy[int]]:
    """A whole random school, and a strategy for instants that matter to it."""
    zone, day = draw(st.sampled_from(PLACES))
    calendar = draw(calendars(zone, day))
    moments = instants(zone, day, calendar)
    judge = judge_of(
        calendar,
        draw(policies()),
        people=draw(st.dictionaries(st.sampled_from(USERS[1:]), st.sampled_from(["one", "two"]), max_size=2)),
        official=frozenset(draw(st.sets(st.sampled_from(USERS[1:]), max_size=1))),
        teaching=frozenset(draw(st.sets(st.sampled_from([s.id for s in SERVICES]), max_size=2))),
        approvals=tuple(draw(st.lists(approvals(moments), max_size=3))),
        grace=draw(st.sampled_from([0, 0, 5, 10, 15])) * MINUTE,
    )
    return judge, moments


def uses(groups: Sequence[Group] = GROUPS) -> st.SearchStrategy[Use]:
    """Any use that the random schools can judge."""
    return st.builds(
        Use,
        st.sampled_from(SERVICES),
        st.sampled_from(list(Activity)),
        st.sampled_from(groups),
        st.sampled_from(USERS),
        st.sampled_from(list(Network)),
    )


def moment(ms: int) -> datetime:
    """The UTC datetime of milliseconds, worked out apart from the code under test."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
