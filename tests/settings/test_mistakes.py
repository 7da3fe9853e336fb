"""Mistakes in a school's files: one clear message each, and all of them at once."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.settings.files import POLICY, SCHOOL, Files

from lunchbell.settings import SettingsError, load

MISTAKES = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text("utf-8"))["mistakes"]


def test_the_files_are_whole(files: Files) -> None:
    """Before they are damaged nothing is wrong with them."""
    assert files.mistakes() == []


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["name"])
def test_a_mistake_is_told_once_and_clearly(files: Files, case: dict[str, Any]) -> None:
    """File, key, value, what is wrong and what to do; and nothing else is blamed for it."""
    files.change(case["file"], case["old"], case["new"])
    assert files.mistakes() == [case["says"]]


def test_names_of_mistakes_are_their_own() -> None:
    """A failing case can be found by its name."""
    names = [case["name"] for case in MISTAKES]
    assert len(set(names)) == len(names)


class TestFiles:
    """A file that cannot be read at all."""

    def test_missing(self, tmp_path: Path) -> None:
        """The message says how to get one."""
        with pytest.raises(SettingsError) as found:
            load(tmp_path / "mine.toml", today=date(2026, 11, 16))
        assert (
            str(found.value) == "mine.toml: there is no such file; check the name, or write one with `lunchbell init`"
        )

    def test_not_utf_8(self, files: Files) -> None:
        """An editor that saved it in an old encoding."""
        (files.root / "lunchbell.toml").write_bytes(SCHOOL.replace("Oakfield", "Éire").encode("latin-1"))
        assert files.mistakes() == ["lunchbell.toml: is not UTF-8 text; save it as UTF-8"]

    def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(self, files: Files) -> None:
        """Editors on Windows write both."""
        (files.root / "lunchbell.toml").write_bytes(SCHOOL.replace("\n", "\r\n").encode("utf-8-sig"))
        assert files.mistakes() == []

    def test_a_folder(self, files: Files) -> None:
        """Any other trouble with reading is told in the system's words."""
        (files.root / "lunchbell.toml").unlink()
        (files.root / "lunchbell.toml").mkdir()
        assert files.mistakes() == ["lunchbell.toml: cannot be read (Is a directory); check its permissions"]

    def test_empty(self, files: Files) -> None:
        """Each table that must be there is asked for."""
        files.write("lunchbell.toml", "")
        missing = ("policy", "school", "calendar", "timetables", "groups")
        assert files.mistakes() == [f"lunchbell.toml: {key}: is missing; add it" for key in missing]

    def test_the_policy_s_file_may_be_the_school_s_own(self, files: Files) -> None:
        """A path is read from beside the school's file, and messages call it by its name."""
        files.write("ours/mine.toml", POLICY.replace("adopted", "adoptd"))
        files.change("lunchbell.toml", '"lunch-only"', '"ours/mine.toml"')
        (message,) = files.mistakes()
        assert message.startswith("mine.toml: adoptd = 2026-09-01: there is no such key")

    def test_the_policy_asked_for_beats_the_file_s(self, files: Files) -> None:
        """And is the one that is missing."""
        message = (
            'lunchbell.toml: policy = "other": there is no such policy; use one of lunch-only, or a path to your own'
        )
        assert files.mistakes(policy="other") == [message]
        files.change("lunchbell.toml", '"lunch-only"', '"gone"')
        assert files.mistakes(policy="lunch-only") == []


class TestSeveral:
    """Everything that is wrong is told in one go."""

    def test_mistakes_of_every_sort_in_every_file(self, files: Files) -> None:
        """Shapes, names, times and domains, in five files."""
        wanted = {
            "unknown-key-in-a-table",
            "fraction-for-a-number",
            "lunch-outside-work",
            "overlapping-bells",
            "unknown-teaching-service",
            "unknown-software",
            "network-of-two-groups",
            "time-that-comes-twice",
            "text-for-a-list",
            "unknown-timetable-of-a-person",
            "rule-of-a-wrong-period",
            "domain-that-is-a-suffix",
            "service-of-unknown-software",
            "software-with-an-unknown-key",
        }
        chosen = [case for case in MISTAKES if case["name"] in wanted]
        assert len(chosen) == len(wanted)
        for case in chosen:
            files.change(case["file"], case["old"], case["new"])
        assert sorted(files.mistakes()) == sorted(case["says"] for case in chosen)

    def test_an_unknown_key_hides_no_other_mistake(self, files: Files) -> None:
        """Not in its own table, and not in others."""
        files.change("lunchbell.toml", "designated = true", "desginated = true")
        files.change("lunchbell.toml", 'break = ["10:40-10:55"]', 'break = ["10:40-12:10"]')
        files.change("lunchbell.toml", '"lunch-only"', '"dinner-only"')
        assert [message.split(" = ")[0] for message in files.mistakes()] == [
            "lunchbell.toml: groups.staffroom.desginated",
            "lunchbell.toml: policy",
            "lunchbell.toml: timetables.teachers.lunch",
        ]

    def test_a_table_that_cannot_be_read_is_not_called_missing(self, files: Files) -> None:
        """Groups and people on a timetable with a wrong time are not at fault, and others are still checked."""
        files.change("lunchbell.toml", 'work = "08:30-16:00"', 'work = "half past eight"')
        files.change("lunchbell.toml", 'timetable = "office"', 'timetable = "kitchen"')
        assert [message.split(" = ")[0] for message in files.mistakes()] == [
            "lunchbell.toml: timetables.teachers.work",
            'lunchbell.toml: people."j.okafor".timetable',
        ]

    def test_a_group_that_cannot_be_read_is_not_called_missing(self, files: Files) -> None:
        """Cases and approvals that speak of it are not at fault."""
        files.change("lunchbell.toml", 'user = "j.okafor"\nservices', 'group = "staffroom"\nservices')
        files.change("lunchbell.toml", 'equipment = "school"\n', "")
        assert files.mistakes() == ["lunchbell.toml: groups.staffroom.equipment: is missing; add it"]

    def test_one_bad_item_of_a_list_leaves_the_rest_of_the_file(self, files: Files) -> None:
        """Numbers of items in other messages stay right."""
        files.change("lunchbell.toml", "first = 2026-11-02T09:00:00", "first = 2026-11-02")
        files.change("lunchbell.toml", 'host = "wiki.oakfield.example"', 'host = "wiki"')
        assert [message.split(" = ")[0] for message in files.mistakes()] == [
            "lunchbell.toml: approvals[1].first",
            "lunchbell.toml: local_services[1].host",
        ]

    def test_every_bad_value_of_one_table(self, files: Files) -> None:
        """Not only the first."""
        files.change("lunchbell.toml", 'equipment = "school"\ndesignated = true', 'equipment = "schol"\ndesignated = 1')
        files.change("lunchbell.toml", "people = 24", "people = -1")
        assert [message.split(":")[1] for message in files.mistakes()] == [
            ' groups.staffroom.equipment = "schol"',
            " groups.staffroom.designated = 1",
            " groups.staffroom.people = -1",
        ]

    def test_a_special_day_wrong_on_every_timetable_is_told_once(self, files: Files) -> None:
        """It is one line of the file."""
        files.change("lunchbell.toml", "lunch = [] }", 'lunch = ["14:00-15:00"] }')
        assert len(files.mistakes()) == 1

    def test_bells_that_are_wrong_every_day_are_told_once(self, files: Files) -> None:
        """Weekdays and special days that take them over are not at fault."""
        files.change("lunchbell.toml", 'break = ["10:40-10:55"]', 'break = ["10:40-12:10"]')
        files.change("lunchbell.toml", ", lunch = [] }", " }")
        assert len(files.mistakes()) == 1

    def test_mistakes_and_warnings_come_together(self, files: Files) -> None:
        """With what is wrong, also what is only worth a look."""
        files.change("lunchbell.toml", "date = 2026-12-18", "date = 2026-12-19")
        files.change("lunchbell.toml", 'software = "wikiware"', 'software = "wikiwere"')
        with pytest.raises(SettingsError) as found:
            files.load()
        assert [problem.warning for problem in found.value.problems] == [True, False]


def test_the_error_as_text_is_a_line_for_each_problem(files: Files) -> None:
    """For callers that only print it."""
    files.change("lunchbell.toml", "people = 24", "people = 0")
    files.change("lunchbell.toml", "grace_minutes = 5", "grace_minutes = 99")
    with pytest.raises(SettingsError) as found:
        files.load()
    assert str(found.value).splitlines() == files.mistakes()
    assert len(files.mistakes()) == 2


def test_a_long_value_is_shortened(files: Files) -> None:
    """A message stays one line that can be read."""
    files.change("lunchbell.toml", "people = 24", f'people = "{"x" * 500}"')
    (message,) = files.mistakes()
    assert len(message) < 200
    assert "..." in message
