"""The two pictures: well-formed, announced, and in step with the figures."""

import re
from xml.etree import ElementTree

from hypothesis import given
from tests.summary.making import row, rows, week

from lunchbell.store.questions import UsageRow
from lunchbell.summary.bars import bars, bars_title
from lunchbell.summary.timetable import timetable, timetable_title

SVG = "{http://www.w3.org/2000/svg}"


@given(rows())
def test_pictures_are_well_formed_and_announced(made: list[UsageRow]) -> None:
    """XML with a title and a description; no style attribute and no script, so the strict CSP holds."""
    found = week(*made)
    ids = []
    for narrow in (False, True):
        for draw in (timetable, bars):
            if draw is bars and not found.services:
                continue
            root = ElementTree.fromstring(draw(found, narrow=narrow))
            title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
            assert title is not None
            assert description is not None
            assert title.text
            assert description.text
            assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
            assert not [node for node in root.iter() if "style" in node.attrib or node.tag.endswith("script")]
            ids += [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids)), "both widths stand on one page"


def shapes(svg: str) -> dict[str, int]:
    """How many marks of each outcome, without those in the head of a column."""
    found = re.findall(
        r'class="mark (\w+)[^"]*" (?:cx="[\d.]+" cy="([\d.]+)"|x="[\d.]+" y="([\d.]+)"|points="[\d.]+,([\d.]+))', svg
    )
    counts: dict[str, int] = {}
    for outcome, *heights in found:
        if float(next(height for height in heights if height)) > 56:
            counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def test_each_visit_is_one_mark() -> None:
    """A dot for permitted, a square for approved, a diamond for outside."""
    svg = timetable(
        week(
            row("mon 12:20"),
            row("mon 12:20", subject="k2"),
            row("tue 9:20"),
            row("wed 9:20", "instagram", user="j.okafor"),
        )
    )
    assert shapes(svg) == {"permitted": 2, "outside": 1, "approved": 1}


def test_marks_without_room_become_a_number() -> None:
    """Forty visits in one quarter of an hour: one mark, and 40 beside it."""
    svg = timetable(week(*(row("mon 12:20", subject=f"k{n}") for n in range(40))))
    assert shapes(svg) == {"permitted": 1}
    assert svg.count(">40</text>") == 2, "beside the mark, and in the head of the day"


def test_use_at_night_is_counted_below() -> None:
    """It does not flatten the day."""
    assert "1 later" in timetable(week(row("mon 22:10")))


def test_titles_state_the_finding() -> None:
    """Of both pictures."""
    found = week(row("mon 9:20", activity="post"), row("tue 9:20"), row("tue 10:45"), row("wed 12:20", "x"))
    assert timetable_title(found) == "2 of the 3 visits outside the rule were in working time"
    assert bars_title(found) == "Facebook had 3 of 4 visits; 1 visit published something"
    assert timetable_title(week(row("mon 12:20"))) == "The only visit falls inside the rule"


def test_a_name_from_the_schools_file_is_escaped() -> None:
    """A service that is not catalogued stands for itself."""
    found = week(row("mon 12:20")._replace(service="<b>&"))
    assert "&lt;b&gt;&amp;" in bars(found)
