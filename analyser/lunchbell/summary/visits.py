"""From minutes to visits.

A visit is one subject on one service in one period (a bell ends it), with no gap over ten minutes between what opened
or published something. Contacts never begin a visit, never lengthen one and never bridge a gap. It is never time spent.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from lunchbell.policy.words import Outcome
from lunchbell.summary.rows import UsageRow

GAP = 10
"""Minutes; a longer gap begins a new visit."""

_WEIGHT = {Outcome.NOT_PERMITTED: 2, Outcome.APPROVED: 1}

BellBetween = Callable[[UsageRow, UsageRow], bool]
"""Whether a bell rings after the first row's minute and not after the second's, for two rows of one period."""

Published = Callable[[UsageRow], bool]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; `decisive` is the row that gave it its outcome, `minute` when it began."""

    minute: int
    decisive: UsageRow
    published: bool

    @property
    def outcome(self) -> Outcome:
        """Outside the rule if any of it was; else approved if any of it needed the approval."""
        return Outcome(self.decisive.outcome)


def visits(rows: Iterable[UsageRow], published: Published, bell_between: BellBetween) -> Iterator[Visit]:
    """The visits in rows that opened or published something and carry a subject, in any order."""
    for _, same in groupby(sorted(rows, key=_order), key=_sort_key):
        run: list[UsageRow] = []
        for row in same:
            if run and (row.minute - run[-1].minute > GAP or bell_between(run[-1], row)):
                yield _visit(run, published)
                run = []
            run.append(row)
        yield _visit(run, published)


def _visit(run: Sequence[UsageRow], published: Published) -> Visit:
    decisive = max(run, key=lambda row: _WEIGHT.get(Outcome(row.outcome), 0))
    return Visit(run[0].minute, decisive, any(published(row) for row in run))


def _sort_key(row: UsageRow) -> tuple[str, str, str]:
    return row.subject, row.service, row.period


def _order(row: UsageRow) -> tuple[str, str, str, int]:
    return *_sort_key(row), row.minute
