"""What settings make of files that are right."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.settings.files import Files

from lunchbell.policy.verdicts import Use
from lunchbell.policy.words import Activity, Kind, Outcome, Period
from lunchbell.settings import Settings, shipped_catalogue
from lunchbell.settings.cases import failed_cases, groups_without_cases
from lunchbell.settings.keys import key_for, term_of


def period(settings: Settings, text: str, user: str = "") -> Period:
    """The staff room's period at a time in UTC."""
    at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    timeline = settings.judge.timeline(settings.groups["staffroom"], user)
    return timeline.period_at(int(at.timestamp() * 1000))


def test_the_calendar_is_the_file_s(files: Files) -> None:
    """Terms, closures, staff days, a special day, a short Friday, summer time, a person's own timetable."""
    settings = files.load()
    assert period(settings, "2026-11-16T12:20") is Period.LUNCH
    assert period(settings, "2026-11-16T12:20", "j.okafor") is Period.WORK
    assert period(settings, "2026-09-07T11:20") is Period.LUNCH
    assert period(settings, "2026-09-02T09:00") is Period.WORK
    assert period(settings, "2026-10-27T12:20") is Period.CLOSED
    assert period(settings, "2026-11-20T15:45") is Period.AFTER_WORK
    assert period(settings, "2026-12-18T12:20") is Period.WORK
    assert period(settings, "2026-12-18T13:30") is Period.AFTER_WORK


@pytest.mark.parametrize(
    ("nation", "closed", "open_"),
    [
        ("England", ["2026-05-04", "2026-05-25"], ["2026-03-17", "2026-11-30"]),
        ("Northern Ireland", ["2026-05-04", "2026-03-17"], ["2026-11-30"]),
        ("Scotland", ["2026-05-04", "2026-11-30"], ["2026-03-17"]),
        ("Wales", ["2026-05-04", "2026-05-25"], ["2026-11-30"]),
        ("", [], ["2026-05-04", "2026-03-17", "2026-11-30"]),
    ],
)
def test_bank_holidays_are_the_nation_s(files: Files, nation: str, closed: list[str], open_: list[str]) -> None:
    """Early May everywhere, St Patrick's in Northern Ireland, St Andrew's in Scotland, none where none is named."""
    files.change("lunchbell.toml", 'bank_holidays = "England"', f'bank_holidays = "{nation}"')
    files.change("lunchbell.toml", '"Autumn", first = 2026-09-03', '"All year", first = 2026-01-05')
    settings = files.load()
    assert [day for day in (*closed, *open_) if period(settings, f"{day}T10:00") is Period.CLOSED] == closed


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("10.40.1.17", "staffroom"),
        ("10.40.1.255", "staffroom"),
        ("10.40.2.0", None),
        ("10.40.9.44", "phones"),
        ("10.40.11.255", "phones"),
        ("fd40:1::7", "staffroom"),
        ("fd40:1::7%eth0", "staffroom"),
        ("::ffff:10.40.1.17", "staffroom"),
        ("fd40:2::7", None),
        ("127.0.0.1", None),
    ],
)
def test_a_client_s_group_is_that_of_its_network(files: Files, address: str, group: str | None) -> None:
    """IPv4, IPv6 with and without a zone, and IPv4 inside IPv6."""
    found = files.load().clients.group_of(address)
    assert (found.id if found else None) == group


def test_the_longest_prefix_wins(files: Files) -> None:
    """One device inside another group's network, whichever stands first in the file."""
    files.change("lunchbell.toml", 'networks = ["10.40.8.0/22"]', 'networks = ["10.40.1.128/25", "10.0.0.0/8"]')
    clients = files.load().clients
    groups = [clients.group_of(address) for address in ("10.40.1.127", "10.40.1.128", "10.9.9.9")]
    assert [group.id if group else None for group in groups] == ["staffroom", "phones", "phones"]


def test_an_address_that_is_none_is_refused(files: Files) -> None:
    """The caller says what to do about it."""
    with pytest.raises(ValueError, match="laptop-7"):
        files.load().clients.group_of("laptop-7")


def test_approvals_are_in_the_school_s_own_time(files: Files) -> None:
    """Given without an offset in summer time, they begin an hour earlier in UTC; one with an offset says so itself."""
    files.change("lunchbell.toml", "first = 2026-11-02T09:00:00", "first = 2026-10-05T09:00:00")
    files.change("lunchbell.toml", "last = 2026-11-20T17:00:00", "last = 2026-11-20T17:00:00+02:00")
    (approval,) = files.load().judge.approvals
    moments = [
        datetime.fromtimestamp(ms / 1000, UTC).isoformat()
        for ms in (approval.first, approval.last, approval.granted or 0)
    ]
    assert moments == ["2026-10-05T08:00:00+00:00", "2026-11-20T15:00:00+00:00", "2026-10-30T15:00:00+00:00"]
    assert (approval.user, approval.group, approval.services) == ("j.okafor", "", {"chirp"})


def test_user_names_are_brought_to_one_form(files: Files) -> None:
    """Wherever the file names people."""
    files.change("lunchbell.toml", 'users = ["comms"]', "users = ['OAKFIELD\\Comms', \"Head@oakfield.example\"]")
    files.change("lunchbell.toml", '[people."j.okafor"]', '[people."J.Okafor"]')
    judge = files.load().judge
    assert judge.official == {"comms", "head"}
    assert judge.people == {"j.okafor": "office"}


def test_services_have_their_own_patterns_before_their_software_s(files: Files) -> None:
    """Shared patterns are added at the end, and a local service has them alone."""
    settings = files.load()
    services = settings.catalogue.services
    assert [p.path for p in services["chirp"].requests] == [("/api/post",)]
    assert [p.path for p in services["tube"].requests] == [("**/edit",)]
    wiki = settings.catalogue.service_of("wiki.oakfield.example")
    assert wiki is not None
    assert (wiki.id, wiki.kind, [p.activity for p in wiki.requests]) == (
        "wikiware",
        Kind.ENCYCLOPAEDIA,
        [Activity.EDIT],
    )
    assert services["chirp"].requests[0].form == {"text": True, "draft": False}


def test_the_judge_has_all_of_it(files: Files) -> None:
    """Policy, teaching, official users, approvals and grace."""
    settings = files.load()
    chirp, group = settings.catalogue.services["chirp"], settings.groups["staffroom"]

    def outcome(time: str, user: str = "", activity: Activity = Activity.POST) -> Outcome:
        at = datetime.fromisoformat(f"2026-11-16T{time}+00:00")
        return settings.judge.judge(Use(chirp, activity, group, user), at).outcome

    assert outcome("11:00") is Outcome.NOT_PERMITTED
    assert outcome("12:20") is Outcome.PERMITTED
    assert outcome("13:04") is Outcome.PERMITTED
    assert outcome("13:05") is Outcome.NOT_PERMITTED
    assert outcome("11:00", "j.okafor") is Outcome.APPROVED
    assert outcome("11:00", "comms") is Outcome.PERMITTED
    assert settings.judge.teaching == {"tube"}


def test_the_fingerprint_names_the_files_that_judge(files: Files) -> None:
    """It changes with each of them and with nothing else."""
    first = files.load().fingerprint
    assert first.startswith("lunch-only@")
    assert files.load(today=date(2030, 1, 1)).fingerprint == first
    seen = {first}
    for name in (
        "lunchbell.toml",
        "config/policies/lunch-only.toml",
        "config/services/tube.toml",
        "config/software/wikiware.toml",
    ):
        with (files.root / name).open("a") as file:
            file.write("# a note\n")
        seen.add(files.load().fingerprint)
    assert len(seen) == 5
    files.write("config/policies/other.toml", "")
    assert files.load().fingerprint in seen


def test_tables_of_the_school(files: Files) -> None:
    """They hold its groups and services."""
    tables = files.load().tables()
    assert {key[2] for key in tables.verdicts} == {"staffroom", "phones"}
    assert tables.named == {"chirp", "tube"}


def test_the_catalogue_alone_needs_no_school(files: Files) -> None:
    """And tells of damaged files as well."""
    (files.root / "lunchbell.toml").unlink()
    assert set(shipped_catalogue().services) == {"chirp", "tube"}


def test_paths_lie_beside_the_school_s_file(files: Files) -> None:
    """A database that the file names without a folder."""
    assert files.load().beside("lunchbell.db") == files.root / "lunchbell.db"


class TestCases:
    """What a school expects of its own policy."""

    def test_a_case_that_holds(self, files: Files) -> None:
        """Nothing to tell."""
        assert failed_cases(files.load()) == []

    def test_a_case_that_does_not(self, files: Files) -> None:
        """Which, what was expected, what it is and by which rule."""
        files.change("lunchbell.toml", "at = 2026-11-16T12:20:00", "at = 2026-11-16T11:00:00")
        (failed,) = failed_cases(files.load())
        assert str(failed).startswith(
            "lunchbell.toml: cases[1]: expects permitted, but chirp open by staffroom at 2026-11-16"
        )
        assert "is not_permitted (rule chirp-in-work)" in str(failed)

    def test_a_case_of_a_local_service_and_of_a_person(self, files: Files) -> None:
        """A service on a host of the school's own, and a user's own timetable."""
        files.change("lunchbell.toml", 'service = "chirp"\noutcome', 'service = "wikiware"\nuser = "J.Okafor"\noutcome')
        assert failed_cases(files.load()) == []

    def test_groups_that_no_case_speaks_of(self, files: Files) -> None:
        """Pupils need none, for they are never judged."""
        assert groups_without_cases(files.load()) == ["phones"]
        files.change(
            "lunchbell.toml",
            'equipment = "personal"\naudience = "staff"',
            'equipment = "personal"\naudience = "pupils"',
        )
        assert groups_without_cases(files.load()) == []


class TestKeys:
    """Pseudonym keys, one for each term."""

    def test_a_term_s_key_is_made_once(self, files: Files, tmp_path: Path) -> None:
        """The same all term and in the holidays after it, another in the next; only its owner may read the file."""
        calendar, path = files.load().calendar, tmp_path / "lunchbell.keys"
        days = ("2026-09-03", "2026-12-18", "2026-12-28", "2027-01-04")
        first, same, holidays, second = (key_for(path, calendar, date.fromisoformat(day)) for day in days)
        assert first == same == holidays != second
        assert {len(first), len(second)} == {32}
        assert path.stat().st_mode & 0o777 == 0o600

    def test_before_the_first_term(self, files: Files) -> None:
        """A day of its own kind, in words."""
        calendar = files.load().calendar
        assert term_of(calendar, date(2026, 9, 2)) == "before the first term"
        assert term_of(calendar, date(2026, 9, 3)) == "Autumn"
        assert term_of(calendar, date(2030, 1, 1)) == "Spring"
