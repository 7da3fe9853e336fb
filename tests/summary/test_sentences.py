"""How a week is told: true, plain, without blame."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from tests.summary.making import row, rows, week

from lunchbell.store.questions import UsageRow
from lunchbell.summary.figures import Figures
from lunchbell.summary.sentences import cited, letter

NEVER = re.compile(r"\b(violat|breach|offend|suspici|abus|misuse|guilty|caught|spent on|personal use)", re.IGNORECASE)


def sentences(figures: Figures) -> list[str]:
    """Every sentence of the letter."""
    said = letter(figures)
    parts = [said.state, said.headline, *said.opening, *said.outside, *said.published, *said.services, *said.groups]
    whole = " ".join(part for part in (*parts, *said.apart, *said.limits) if part)
    return re.split(r"(?<=\.) (?=[A-Z0-9])", whole)


@given(rows())
def test_sentences_are_short_calm_and_whole(made: list[UsageRow]) -> None:
    """Under twenty words, no exclamation mark, no word of blame, a full stop at the end."""
    for sentence in sentences(week(*made, rejected=2)):
        assert len(sentence.split()) < 20, sentence
        assert not NEVER.search(sentence), sentence
        assert "!" not in sentence
        assert sentence.endswith("."), sentence


def test_a_week_in_short() -> None:
    """The head's first lines: the whole, where the rest was, approvals, what was published."""
    said = letter(
        week(
            row("mon 12:20", activity="post"),
            row("mon 16:20"),
            row("mon 9:20"),
            row("mon 10:45", subject="k2"),
            row("tue 9:30", activity="comment", subject="k3"),
            row("tue 9:20", "instagram", user="j.okafor", subject="k4"),
        )
    )
    assert said.headline == "Staff kept to the permitted times on 3 of 6 visits."
    assert said.opening == (
        "The other 3 were in working time (2) and at break (1).",
        "A prior approval covered 1 of the 3.",
        "1 post and 1 comment were published; 1 of 2 was outside the permitted times.",
    )
    assert (
        said.outside[0] == "2 of 6 visits, in working time, were outside the permitted times (clause 401, third point)."
    )
    assert said.state == ""


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        ([], "Nothing was recorded in this week."),
        ([row("mon 9:20", activity="contact")], "No visit to social media was seen in this week."),
        ([row("mon 12:20")], "The only visit was within what the policy permits."),
        ([row("mon 12:20"), row("tue 12:20")], "All 2 visits were within what the policy permits."),
        ([row("mon 9:20", subject="", requests=4)], "0 of 4 unnamed requests were within what the policy permits."),
        (
            [row("mon 12:20"), row("mon 12:20", group="classrooms", subject="k2")],
            "1 of 2 visits was within what the policy permits.",
        ),
    ],
)
def test_the_headline_says_no_more_than_is_known(made: list[UsageRow], headline: str) -> None:
    """Only where time alone decided does it speak of times."""
    assert letter(week(*made)).headline == headline


def test_equipment_that_is_never_permitted_is_not_called_a_matter_of_time() -> None:
    """The classrooms are not designated."""
    (said,) = letter(week(row("mon 12:20", group="classrooms"))).outside
    assert said == "1 of 1 visit, at lunch, was not permitted at any time (clause 401, third point)."


def test_a_week_so_far_says_so() -> None:
    """Until when, by the school's clock; a week to come has not begun."""
    assert letter(week(now=datetime(2026, 11, 18, 9, 5, tzinfo=UTC))).state == (
        "This is the week so far, up to Wednesday 9:05."
    )
    assert letter(week(now=datetime(2026, 11, 1, tzinfo=UTC))).state == "This week has not begun."


def test_what_cannot_be_seen_is_said() -> None:
    """Messages inside WhatsApp, the traffic of personal devices, purpose, and what could not be read."""
    found = week(row("mon 12:20", "whatsapp"), row("mon 9:20", group="staff-wifi", activity="contact"), rejected=3)
    said = " ".join(sentences(found))
    assert re.search(r"messages.* on WhatsApp cannot be seen", said, re.IGNORECASE)
    assert "Traffic of personal devices (staff-wifi) is never opened, so it yields contacts only." in said
    assert "3 events since recording began could not be read." in said
    assert "It is never time spent" in said


def test_who_judged_is_said_and_when_it_changed() -> None:
    """One fingerprint, or each of several."""
    one = " ".join(sentences(week(row("mon 12:20", policy="waterville-2022@aaaa"))))
    assert "Judged by waterville-2022@aaaa." in one
    two = week(row("mon 12:20", policy="waterville-2022@aaaa"), row("tue 12:20", policy="waterville-2022@bbbb"))
    assert "2 versions judged this week: waterville-2022@aaaa and waterville-2022@bbbb." in " ".join(sentences(two))


def test_cited_clauses_are_explained_once() -> None:
    """By the name that the document prints, with a summary in our own words."""
    ((name, summary),) = cited(week(row("mon 9:20"), row("tue 9:20"), row("wed 9:20", activity="post")))
    assert name == "Clause 401, third point (Personal use on school equipment)"
    assert "Morning break is working time." in summary
