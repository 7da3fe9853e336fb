"""A small school's files: everything that settings read, short enough to know by heart."""

from datetime import date
from pathlib import Path

from lunchbell.settings import Settings, SettingsError, load

SCHOOL = """\
policy = "lunch-only"
grace_minutes = 5

[school]
name = "Oakfield Primary School"
timezone = "Europe/London"
public_networks = ["203.0.113.0/29"]

[calendar]
bank_holidays = "England"
terms = [
  { name = "Autumn", first = 2026-09-03, last = 2026-12-18 },
  { name = "Spring", first = 2027-01-04, last = 2027-04-01 },
]
closures = [{ name = "Half-term", first = 2026-10-26, last = 2026-10-30 }]
staff_days = [2026-09-02]
special_days = [{ date = 2026-12-18, work = "08:30-13:30", lunch = [] }]

[timetables.teachers]
days = ["mon", "tue", "wed", "thu", "fri"]
work = "08:30-16:00"
break = ["10:40-10:55"]
lunch = ["12:05-13:00"]
fri = { work = "08:30-15:30" }

[timetables.office]
days = ["mon", "tue", "wed", "thu", "fri"]
work = "08:00-16:30"
lunch = ["12:30-13:15"]

[people."j.okafor"]
timetable = "office"

[groups.staffroom]
networks = ["10.40.1.0/24", "fd40:1::/64"]
equipment = "school"
designated = true
audience = "staff"
timetable = "teachers"
people = 24

[groups.phones]
networks = ["10.40.8.0/22"]
equipment = "personal"
audience = "staff"
timetable = "teachers"

[official]
users = ["comms"]

[teaching]
services = ["tube"]

[[local_services]]
host = "wiki.oakfield.example"
software = "wikiware"

[[approvals]]
user = "j.okafor"
services = ["chirp"]
first = 2026-11-02T09:00:00
last = 2026-11-20T17:00:00
approved_by = "deputy head"
granted = 2026-10-30T15:00:00
reason = "Gallery"

[[cases]]
at = 2026-11-16T12:20:00
group = "staffroom"
service = "chirp"
outcome = "permitted"
"""

POLICY = """\
id = "lunch-only"
title = "Social media policy"
school = "Oakfield Primary School"
adopted = 2026-09-01
review_every_months = 12

[[clauses]]
id = "4.1"
label = "4.1"
heading = "Lunch"
summary = "At lunch and after work."

[[clauses]]
id = "4.2"
label = "4.2"
heading = "The school's accounts"
summary = "By those who are asked to."

[[rules]]
id = "official"
official = true
outcome = "permitted"
clause = "4.2"

[[rules]]
id = "chirp-in-work"
services = ["chirp"]
periods = ["work"]
outcome = "not_permitted"
clause = "4.1"
approval = true

[[rules]]
id = "the-rest"
outcome = "permitted"
clause = "4.1"

[[reminders]]
activities = ["post"]
clauses = ["4.1"]

[[conflicts]]
clause = "4.2"
expects = "the law expects that people are told"
summary = "says nothing of it; tell them"
"""

CHIRP = """\
id = "chirp"
name = "Chirp"
kind = "microblog"
domains = ["chirp.com", "chirp.co.uk"]
source = "its own documentation"
checked = 2026-09-01

[[requests]]
activity = "post"
path = "/api/post"
form = { text = true, draft = false }
"""

TUBE = """\
id = "tube"
name = "Tube"
kind = "video"
domains = ["tube.com"]
software = "wikiware"
source = ["one", "two"]
checked = 2026-09-01
"""

WIKIWARE = """\
id = "wikiware"
name = "Wikiware"
kind = "encyclopaedia"
source = "its own documentation"
checked = 2026-09-01

[[requests]]
activity = "edit"
path = "**/edit"
"""

EVERYTHING = {
    "lunchbell.toml": SCHOOL,
    "config/policies/lunch-only.toml": POLICY,
    "config/services/chirp.toml": CHIRP,
    "config/services/tube.toml": TUBE,
    "config/software/wikiware.toml": WIKIWARE,
}


class Files:
    """The files in a folder; each may be damaged before they are read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in EVERYTHING.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """A whole file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """The first place with `old` becomes `new`; there must be one, or the test would prove nothing."""
        text = (self.root / name).read_text("utf-8")
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new, 1))

    def load(self, policy: str = "", today: date = date(2026, 11, 16)) -> Settings:
        """The settings, read on a Monday in November."""
        return load(self.root / "lunchbell.toml", today=today, policy=policy)

    def mistakes(self, policy: str = "") -> list[str]:
        """What is wrong, a line each, as a person reads it; warnings left out."""
        try:
            self.load(policy)
        except SettingsError as error:
            return [str(problem) for problem in error.problems if not problem.warning]
        return []

    def warnings(self, today: date = date(2026, 11, 16)) -> list[str]:
        """What is worth a look, a line each."""
        return [str(problem) for problem in self.load(today=today).warnings]
