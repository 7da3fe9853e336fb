"""Groups under five people are not broken down, and cannot be worked out by subtraction either."""

from collections.abc import Mapping

FEWEST = 5
"""People; figures of fewer are never shown by themselves."""


def folded(sizes: Mapping[str, int]) -> frozenset[str]:
    """The groups to count together, from the people of each group that has figures.

    A small group alone in the fold would be shown, only under another name: so the next smallest joins it, until the
    fold has two groups and five people. If there are not enough, all fold, and there is no breakdown.
    """
    order = sorted(sizes, key=lambda group: (sizes[group], group))
    fold = [group for group in order if sizes[group] < FEWEST]
    if not fold:
        return frozenset()
    for group in order[len(fold) :]:
        if len(fold) > 1 and sum(sizes[g] for g in fold) >= FEWEST:
            break
        fold.append(group)
    if len(fold) < 2 or sum(sizes[g] for g in fold) < FEWEST:
        return frozenset(sizes)
    return frozenset(fold)
