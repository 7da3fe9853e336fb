"""What a visit is."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.summary.making import row, rows, school, week

from lunchbell.policy.words import Outcome
from lunchbell.settings import load
from lunchbell.settings.places import example_file
from lunchbell.store.questions import UsageRow


def visits(*at: str, **what: str) -> int:
    """How many visits these minutes make."""
    return week(*(row(when, **what) for when in at)).use.visits.total  # type: ignore[arg-type]


def test_ten_minutes_are_one_visit_and_eleven_are_two() -> None:
    """The gap is between two minutes of use."""
    assert visits("mon 12:20", "mon 12:30") == 1
    assert visits("mon 12:20", "mon 12:31") == 2


def test_a_visit_may_be_long_if_no_gap_is() -> None:
    """Five minutes, ten apart."""
    assert visits(*(f"mon 12:{minute}" for minute in (10, 20, 30, 40, 50))) == 1


def test_a_bell_ends_a_visit() -> None:
    """Lunch begins at 12:05; 12:04 and 12:05 are two visits with two outcomes."""
    use = week(row("mon 12:04"), row("mon 12:05")).use.visits
    assert (use.permitted, use.outside) == (1, 1)


def test_two_bells_between_end_a_visit_in_the_same_period(tmp_path: Path) -> None:
    """With a break from 10:40 to 10:45, use at 10:39 and at 10:46 is both in working time, and two visits."""
    file = tmp_path / "school.toml"
    file.write_text(example_file().read_text().replace("10:40-10:55", "10:40-10:45"))
    made = (row("mon 10:39"), row("mon 10:46")._replace(period="work"))
    assert week(*made, settings=load(file, today=date(2026, 11, 20))).use.visits.total == 2


def test_people_and_services_make_visits_of_their_own() -> None:
    """Two people, two services: three visits."""
    assert week(row("mon 12:20"), row("mon 12:20", "x"), row("mon 12:20", subject="k2")).use.visits.total == 3


def test_a_visit_is_outside_if_any_of_it_was() -> None:
    """Opening a teaching service is school use; the post in the same visit is not."""
    found = week(row("mon 9:20", "youtube"), row("mon 9:22", "youtube", "comment"))
    assert (found.use.visits.total, found.use.visits.outside, found.teaching) == (1, 1, 0)


def test_a_visit_that_needed_the_approval_is_approved() -> None:
    """The prior approval of the example covers Instagram in working time."""
    found = week(row("mon 9:20", "instagram", user="j.okafor"))
    assert found.use.visits.approved == 1


def test_contacts_make_no_visit_and_bridge_no_gap() -> None:
    """Neither alone nor between two minutes of use."""
    assert visits("mon 12:20", activity="contact") == 0
    bridged = week(row("mon 12:10"), row("mon 12:18", activity="contact"), row("mon 12:25"))
    assert (bridged.use.visits.total, bridged.contacts) == (2, 1)


@given(rows(), st.randoms())
def test_order_and_contacts_never_change_the_visits(made: list[UsageRow], random: Random) -> None:
    """The store's order is no matter, and what is no use adds none."""
    shuffled = [one for one in made if one.activity not in ("contact", "embedded")]
    random.shuffle(shuffled)
    assert week(*made).use.visits.total >= 0
    live = [one._replace(source="proxy") for one in made]
    assert week(*live).use == week(*(one._replace(source="proxy") for one in shuffled)).use


@given(st.lists(st.integers(9 * 60 + 30, 17 * 60), max_size=60))
def test_visits_agree_with_a_plain_count(minutes: list[int]) -> None:
    """A minute begins a visit if its bells' stretch has no use in the ten minutes before it."""
    settings = school()
    made = [row(f"tue {minute // 60}:{minute % 60}") for minute in minutes]
    bells = settings.calendar.bells(datetime(2026, 11, 17, tzinfo=UTC).date(), "teachers")
    assert bells is not None
    starts = [start for start, _ in bells.periods()]

    def stretch(minute: int) -> int:
        return sum(start <= minute for start in starts)

    used = set(minutes)
    begun = sum(
        not any(before in used and stretch(before) == stretch(minute) for before in range(minute - 10, minute))
        for minute in used
    )
    assert week(*made).use.visits.total == begun


@given(rows())
def test_every_breakdown_adds_up_to_the_whole(made: list[UsageRow]) -> None:
    """Cells, groups, services and reasons each hold every visit and every unnamed request once."""
    found = week(*made)
    visits, requests = found.use.visits, found.use.requests
    assert sum(cell.use.visits.total for cell in found.cells) == visits.total
    assert sum(cell.use.requests.total for cell in found.cells) == requests.total
    assert sum(cell.contacts for cell in found.cells) == sum(s.contacts for s in found.services) == found.contacts
    assert sum(s.published + s.opened for s in found.services) == visits.total
    assert sum(s.published_requests + s.opened_requests for s in found.services) == requests.total
    assert sum(part.visits for part in found.outside) == visits.outside
    assert sum(part.requests for part in found.outside) == requests.outside
    if found.groups:
        assert sum(group.use.visits.total for group in found.groups) == visits.total
    counted = requests.total + found.contacts
    kept = found.limits.embedded + found.limits.not_covered + found.limits.extension
    assert counted + kept <= sum(one.requests for one in made)


def test_the_outcome_of_pupils_is_only_counted() -> None:
    """They are never judged, so they are in no figure."""
    found = week(row("mon 9:20", group="pupils", requests=3))
    assert (found.use.visits.total, found.limits.not_covered, found.services) == (0, 3, ())
    assert row("mon 9:20", group="pupils").outcome == Outcome.NOT_COVERED


def test_a_visit_over_midnight_is_one() -> None:
    """On days without work no bell rings at midnight; it belongs to the day it began."""
    found = week(row("sat 23:55"), row("sun 0:01"))
    assert [(cell.day - timedelta(days=5), cell.use.visits.total) for cell in found.cells] == [(found.week.monday, 1)]
