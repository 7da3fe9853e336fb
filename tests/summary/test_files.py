"""The same figures as text, JSON and CSV."""

import csv
import io
import json

from hypothesis import given
from tests.summary.making import row, rows, week

from lunchbell.store.questions import UsageRow
from lunchbell.summary.data import as_csv, as_json
from lunchbell.summary.text import WIDTH, as_text


@given(rows())
def test_every_format_can_say_every_week(made: list[UsageRow]) -> None:
    """And they agree on the totals."""
    found = week(*made)
    document = json.loads(as_json(found))
    table = list(csv.DictReader(io.StringIO(as_csv(found))))
    totals = {(line["row"], line["column"]): int(line["value"]) for line in table if line["table"] == "totals"}
    assert document["totals"]["visits"]["total"] == found.use.visits.total == totals["Visits", "total"]
    assert document["totals"]["unnamed_requests"]["outside"] == totals["Unnamed requests", "outside"]
    assert as_text(found).startswith("Oakfield Primary School: week 47, 16 to 22 November 2026\n")


def test_text_is_as_wide_as_a_terminal() -> None:
    """But for the grid of a very busy week."""
    made = [
        row(f"{day} {time}", subject=f"k{n}") for day in ("mon", "tue") for time in ("9:20", "12:20") for n in range(9)
    ]
    assert max(map(len, as_text(week(*made)).splitlines())) <= WIDTH


def test_text_shows_the_week_as_a_grid() -> None:
    """Days across, periods down, shapes for outcomes."""
    text = as_text(week(row("mon 12:20"), row("tue 9:20")))
    assert "Mon 16" in text
    assert [line.split() for line in text.splitlines() if line.startswith("Lunch ")] == [
        ["Lunch", "●1", "·", "·", "·", "·"]
    ]
    assert "◆1" in text


def test_no_cell_is_a_formula() -> None:
    """A name that begins like one is set off for the spreadsheet."""
    found = week(row("mon 12:20")._replace(service="=1+1"))
    assert "'=1+1" in as_csv(found)


def test_json_keeps_small_groups_folded() -> None:
    """The office is not in any format."""
    found = week(
        row("mon 12:20"),
        row("mon 12:40", group="office", subject="k2"),
        row("mon 9:20", "youtube", group="classrooms", subject="k3"),
    )
    document = json.loads(as_json(found))
    assert [group["group"] for group in document["groups"]] == ["staffroom", None]
    assert "office" not in as_json(found) + as_csv(found) + as_text(found)
