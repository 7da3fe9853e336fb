"""What Lunchbell can run with, but someone should look at."""

from datetime import date

import pytest
from tests.settings.files import Files

from lunchbell.settings import load
from lunchbell.settings.places import config_dir

POLICY = "config/policies/lunch-only.toml"
CONFLICT = (
    'policies/lunch-only.toml: clauses = "4.2": says nothing of it; tell them (the law expects that people are told)'
)


def test_a_conflict_with_transparency(files: Files) -> None:
    """What the written policy says against the law is told every time, and nothing else of these files is."""
    assert files.warnings() == [CONFLICT]


def test_a_conflict_names_the_clause_as_it_is_printed(files: Files) -> None:
    """By its label; by its id where nothing is printed."""
    files.change(POLICY, 'id = "4.2"\nlabel = "4.2"', 'id = "4.2"\nlabel = "Four, second point"')
    assert 'clauses = "Four, second point":' in files.warnings()[0]
    files.change(POLICY, "Four, second point", "")
    assert 'clauses = "4.2":' in files.warnings()[0]


@pytest.mark.parametrize(("today", "overdue"), [(date(2027, 9, 1), False), (date(2027, 9, 2), True)])
def test_an_overdue_review(files: Files, today: date, overdue: bool) -> None:
    """From the day after it was due."""
    message = (
        "policies/lunch-only.toml: adopted = 2026-09-01: the policy was due for review on 1 September 2027; "
        "review it and write the new date"
    )
    assert (message in files.warnings(today)) is overdue


def test_a_policy_without_a_date(files: Files) -> None:
    """Its review cannot be reminded of."""
    files.change(POLICY, "adopted = 2026-09-01\n", "")
    message = (
        "policies/lunch-only.toml: adopted: is not given, so reviews cannot be reminded of; write the date in your copy"
    )
    assert files.warnings() == [message, CONFLICT]


def test_a_policy_of_the_school_s_own_is_called_by_its_file(files: Files) -> None:
    """Not by its id, which nobody can open."""
    text = (files.root / POLICY).read_text("utf-8")
    files.write("mine.toml", text)
    files.change("lunchbell.toml", '"lunch-only"', '"mine.toml"')
    assert files.warnings() == [CONFLICT.replace("policies/lunch-only.toml", "mine.toml")]


def test_a_rule_that_no_use_can_reach(files: Files) -> None:
    """Because an earlier one covers all it covers, here by the service's kind."""
    files.change(POLICY, 'services = ["chirp"]\nperiods = ["work"]', 'kinds = ["microblog"]')
    hidden = '[[rules]]\nid = "hidden"\nservices = ["chirp"]\noutcome = "permitted"\nclause = "4.1"\n\n'
    files.change(POLICY, '[[rules]]\nid = "the-rest"', f'{hidden}[[rules]]\nid = "the-rest"')
    words = "no use can reach this rule, earlier ones cover it; move it up or remove it"
    assert files.warnings() == [f'policies/lunch-only.toml: rules = "hidden": {words}', CONFLICT]


@pytest.mark.parametrize("table", ["action", "retention", "roles", "feeds"])
def test_a_table_that_this_version_does_not_act_on(files: Files, table: str) -> None:
    """It is read, and the school is told that nothing comes of it yet."""
    files.change("lunchbell.toml", "[official]", f'[{table}]\nkey = "observe"\n\n[official]')
    assert files.warnings() == [CONFLICT, f"lunchbell.toml: {table}: this version does not act on it yet"]


@pytest.mark.parametrize("day", ["2026-12-19", "2026-10-27", "2027-07-01", "2026-12-25"])
def test_a_special_day_on_a_closed_day(files: Files, day: str) -> None:
    """A Saturday, a closure, a day after the last term, a bank holiday: its bells never ring."""
    files.change("lunchbell.toml", "date = 2026-12-18", f"date = {day}")
    message = (
        f"lunchbell.toml: calendar.special_days = {day}: is not a working day; if staff work, add it to staff_days too"
    )
    assert files.warnings() == [message, CONFLICT]
    files.change("lunchbell.toml", "staff_days = [", f"staff_days = [{day}, ")
    assert files.warnings() == [CONFLICT]


def test_a_special_day_of_a_timetable_that_does_not_work_then(files: Files) -> None:
    """The other timetable's Friday does not count."""
    files.change(
        "lunchbell.toml", 'days = ["mon", "tue", "wed", "thu", "fri"]\nwork = "08:00', 'days = ["mon"]\nwork = "08:00'
    )
    files.change("lunchbell.toml", "lunch = [] }", 'lunch = [], timetable = "office" }')
    assert len(files.warnings()) == 2
    files.change("lunchbell.toml", 'timetable = "office" }', 'timetable = "teachers" }')
    assert files.warnings() == [CONFLICT]


def test_what_ships_has_no_mistakes_and_only_known_warnings() -> None:
    """The example school under each shipped policy; reviews are overdue some day, all else is fixed."""
    found = {
        policy.stem: [
            f"{problem.key} {problem.value}"
            for problem in load(
                config_dir() / "school.example.toml", today=date(2022, 9, 1), policy=policy.stem
            ).warnings
        ]
        for policy in sorted((config_dir() / "policies").glob("*.toml"))
    }
    assert found == {
        "model-preamble": ["adopted "],
        "newall-green-2023": ['clauses "3.5"'],
        "robert-arkenstall-2022": [],
        "waterville-2022": [],
        "wivelsfield": ["adopted ", 'clauses "8.1"'],
    }
