"""Rows as the store would give them, judged by the example school; and random weeks of them."""

from datetime import UTC, date, datetime
from functools import cache

from hypothesis import strategies as st

from lunchbell.policy.calendar import instant_ms
from lunchbell.policy.verdicts import Use, user_of
from lunchbell.policy.words import Activity, Network
from lunchbell.settings import Settings, load
from lunchbell.settings.places import example_file
from lunchbell.store.questions import UsageRow
from lunchbell.summary.counting import figures
from lunchbell.summary.figures import Figures
from lunchbell.summary.week import Week

WEEK = Week.parse("2026-W47")
LATER = datetime(2026, 12, 1, tzinfo=UTC)
DAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), WEEK.days, strict=True))


@cache
def school() -> Settings:
    """The packaged example school."""
    return load(example_file(), today=date(2026, 11, 20))


def row(
    when: str, service: str = "facebook", activity: str = "open", *, subject: str = "k1", group: str = "staffroom",
    source: str = "proxy", user: str = "", requests: int = 1, policy: str = "",
) -> UsageRow:  # fmt: skip
    """One minute of use, such as `row("mon 12:20")`, with the verdict that the school's policy gives it."""
    day, clock = when.split()
    hour, minute = map(int, clock.split(":"))
    settings = school()
    at = datetime(DAYS[day].year, DAYS[day].month, DAYS[day].day, hour, minute, tzinfo=settings.zone)
    services = {s.id: s for s in (*settings.catalogue.local, *settings.catalogue.services.values())}
    use = Use(services[service], Activity(activity), settings.groups[group], user_of(user), Network.SCHOOL)
    verdict = settings.judge.judge(use, at.astimezone(UTC))
    return UsageRow(
        instant_ms(at) // 60_000, source, group, subject, service, activity, verdict.period, "school",
        verdict.outcome, verdict.rule, policy or settings.fingerprint, requests, 900,
    )  # fmt: skip


def week(*rows: UsageRow, now: datetime = LATER, rejected: int = 0, settings: Settings | None = None) -> Figures:
    """The figures of these rows."""
    return figures(settings or school(), WEEK, rows, [], [], rejected=rejected, now=now)


@st.composite
def rows(draw: st.DrawFn) -> list[UsageRow]:
    """Some minutes of a week: every group, named and unnamed, every sort of activity and source."""
    one = st.builds(
        row,
        st.builds(
            "{} {}:{:02}".format, st.sampled_from(list(DAYS)), st.sampled_from([7, 10, 12, 16, 23]), st.integers(0, 59)
        ),
        st.sampled_from(["facebook", "youtube", "wikipedia", "whatsapp"]),
        st.sampled_from(["open", "post", "edit", "message", "upload", "react", "contact", "embedded"]),
        subject=st.sampled_from(["", "k1", "k2", "k3"]),
        group=st.sampled_from(["staffroom", "classrooms", "office", "staff-wifi", "pupils"]),
        source=st.sampled_from(["proxy", "proxy", "proxy", "log", "extension"]),
        requests=st.integers(1, 9),
    )
    return draw(st.lists(one, max_size=40))
