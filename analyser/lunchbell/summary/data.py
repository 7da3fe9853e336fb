"""The figures as data: JSON for programs, CSV for a spreadsheet. The same suppression of small groups holds."""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from lunchbell.summary.figures import Figures, Tally, Use
from lunchbell.summary.sentences import letter
from lunchbell.summary.tables import tables


def as_json(figures: Figures) -> str:
    """One object; sentences as the page has them, then the figures they were made from."""
    parts = asdict(letter(figures))
    document: dict[str, Any] = {
        "school": figures.school,
        "week": str(figures.week),
        "first": figures.week.days[0].isoformat(),
        "last": figures.week.days[-1].isoformat(),
        "state": figures.state,
        "made": figures.made.isoformat(timespec="seconds"),
        "policies": list(figures.policies),
        "sentences": parts,
        "totals": _use(figures.use),
        "contacts": figures.contacts,
        "teaching_visits": figures.teaching,
        "reading_visits": figures.reading,
        "limits": {**asdict(figures.limits), "publishing_unseen": dict(figures.limits.publishing_unseen)},
    }
    if not figures.limits.too_few:
        document |= {
            "outside": [asdict(part) for part in figures.outside],
            "published": [asdict(thing) for thing in figures.published],
            "services": [asdict(service) for service in figures.services],
            "groups": [{"group": group.id or None, **_use(group.use)} for group in figures.groups],
            "days": [
                {"day": cell.day, "period": cell.period, **_use(cell.use), "contacts": cell.contacts}
                for cell in figures.cells
            ],
        }
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def as_csv(figures: Figures) -> str:
    """One line a number: which table, which row, which column, the value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("school", "week", "state", "table", "row", "column", "value"))
    head = (_cell(figures.school), str(figures.week), figures.state.value)
    for unit, tally in (("Visits", figures.use.visits), ("Unnamed requests", figures.use.requests)):
        for outcome, count in _tally(tally).items():
            writer.writerow((*head, "totals", unit, outcome, count))
    writer.writerow((*head, "totals", "Contacts", "total", figures.contacts))
    for table in tables(figures):
        for row in table.rows:
            name = " · ".join(part for part in row if isinstance(part, str) and part)
            for column, value in zip(table.headings, row, strict=True):
                if isinstance(value, int):
                    writer.writerow((*head, table.name, _cell(name), column, value))
    return out.getvalue()


def _cell(words: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{words}" if words[:1] in "=+-@\t\r" else words


def _use(use: Use) -> dict[str, dict[str, int]]:
    return {"visits": _tally(use.visits), "unnamed_requests": _tally(use.requests)}


def _tally(tally: Tally) -> dict[str, int]:
    return {
        "total": tally.total,
        "permitted": tally.permitted,
        "approved": tally.approved,
        "outside": tally.outside,
    }
