"""What counts, what is kept apart, and what is said to be missing."""

from datetime import UTC, datetime

from tests.summary.making import DAYS, LATER, WEEK, row, school, week

from lunchbell.policy.words import Activity, Period
from lunchbell.store.questions import PublishedRow
from lunchbell.summary.counting import figures
from lunchbell.summary.figures import Reason, Tally
from lunchbell.summary.week import State


def test_live_feed_and_log_are_never_added() -> None:
    """Where both cover a group and a day, the log's rows of that day are left out, and the day is named."""
    live = row("mon 12:20")
    found = week(live, row("mon 13:30", source="log"), row("tue 12:20", source="log"))
    assert found.use.visits == Tally(permitted=2)
    assert found.limits.live_instead_of_log == (DAYS["mon"],)


def test_a_log_of_another_group_on_the_same_day_counts() -> None:
    """Coverage is by group and day."""
    found = week(row("mon 12:20"), row("mon 16:20", source="log", group="office"))
    assert found.use.visits.total == 2
    assert found.limits.live_instead_of_log == ()


def test_what_a_browser_says_of_itself_is_kept_apart() -> None:
    """It is unverified, so no figure holds it."""
    found = week(row("mon 9:20", activity="post", source="extension", requests=2))
    assert (found.use.visits.total, found.published, found.limits.extension) == (0, (), 2)


def test_a_contact_is_never_called_outside() -> None:
    """Also where the rule would not permit a use."""
    found = week(row("mon 9:20", activity="contact", requests=40))
    assert (found.contacts, found.use.visits.outside, found.outside) == (40, 0, ())


def test_embedded_is_only_counted() -> None:
    """Another site's page asked for it."""
    found = week(row("mon 9:20", activity="embedded", requests=7))
    assert (found.limits.embedded, found.contacts, found.services) == (7, 0, ())


def test_without_a_name_there_are_requests_and_no_visits() -> None:
    """One address serves many people over a day."""
    found = week(row("mon 12:20", subject="", requests=3), row("mon 9:20", subject="", activity="post"))
    assert (found.use.visits.total, found.use.requests) == (0, Tally(permitted=3, outside=1))
    assert not found.in_visits


def test_why_it_was_not_permitted() -> None:
    """The staffroom's is about the time; the classrooms' equipment is not designated at any time."""
    found = week(row("mon 9:20"), row("mon 12:20", group="classrooms", subject="k2"))
    assert {(part.period, part.reason, part.clause) for part in found.outside} == {
        (Period.WORK, Reason.TIMES, "401-3"),
        (Period.LUNCH, Reason.ALWAYS, "401-3"),
    }


def test_of_settings_that_are_gone_nothing_more_is_claimed() -> None:
    """No reason and no clause, only what the row says."""
    found = week(row("mon 9:20", policy="another-2020@12345678"))
    assert [(part.reason, part.clause, part.visits) for part in found.outside] == [(Reason.UNKNOWN, "", 1)]
    assert found.policies == ("another-2020@12345678",)


def test_a_rule_that_is_gone_keeps_the_clause_it_cited() -> None:
    """The published event remembers it."""
    old = row("mon 9:20", activity="post", policy="waterville-2022@00000000")._replace(rule="old-rule")
    event = PublishedRow(0, "proxy", "staffroom", "k1", "facebook", "post", "work", "school", "not_permitted",
                         "old-rule", "304", "waterville-2022@00000000")  # fmt: skip
    found = figures(school(), WEEK, [old], [event], [], rejected=0, now=LATER)
    assert [(part.reason, part.clause) for part in found.outside] == [(Reason.UNKNOWN, "304")]


def test_a_service_that_left_the_catalogue_is_judged_by_activity() -> None:
    """A post is published anywhere; an upload only where the service's file says so."""
    gone = [row("mon 12:20", activity=activity)._replace(service="gone") for activity in ("post", "upload")]
    found = week(*gone)
    assert [(thing.activity, thing.service) for thing in found.published] == [(Activity.POST, "gone")]


def test_software_on_a_local_host_is_known() -> None:
    """Its id is the software's."""
    found = week(row("mon 12:20", "mediawiki", "edit"))
    assert [service.name for service in found.services] == ["MediaWiki"]
    assert found.services[0].published == 1


def test_days_with_no_row_at_all_are_named() -> None:
    """Only working days that are over: on Wednesday morning, Monday is silent and Wednesday is not."""
    found = week(row("tue 12:20"), now=datetime(2026, 11, 18, 9, tzinfo=UTC))
    assert found.state is State.SO_FAR
    assert found.limits.silent_days == (DAYS["mon"],)


def test_reading_and_teaching_are_told_apart() -> None:
    """Both are permitted in working time, each for its own reason."""
    found = week(row("mon 9:20", "youtube"), row("mon 9:20", "wikipedia"), row("mon 12:20", "wikipedia", "edit"))
    assert (found.teaching, found.reading, found.use.visits.permitted) == (1, 1, 3)


def test_a_mark_never_crosses_a_bell_and_never_shows_other_bells() -> None:
    """12:06 stays in lunch when rounded; the office's lunch is not drawn on the teachers' timetable."""
    found = week(row("mon 12:06"), row("mon 12:20", group="office", subject="k2"))
    assert [(mark.minute, mark.named) for mark in found.marks] == [(12 * 60 + 5, True)]
    assert found.other_bells


def test_no_subject_is_in_the_figures() -> None:
    """Nothing after this point can name one."""
    assert "k-secret" not in repr(week(row("mon 12:20", subject="k-secret"), row("mon 9:20", subject="k-secret")))
