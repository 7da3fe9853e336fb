"""Nobody can work out the figures of fewer than five people."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.summary.making import row, school, week

from lunchbell.settings import Settings
from lunchbell.summary.small_groups import FEWEST, folded
from lunchbell.summary.tables import tables

SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30))


@given(SIZES)
def test_nothing_shown_is_about_fewer_than_five(sizes: dict[str, int]) -> None:
    """Neither a group shown by itself, nor the fold, nor one group that the fold holds alone."""
    fold = folded(sizes)
    if fold == sizes.keys():
        return  # no breakdown at all
    assert all(sizes[group] >= FEWEST for group in sizes.keys() - fold)
    assert not fold or (len(fold) > 1 and sum(sizes[group] for group in fold) >= FEWEST)


@given(SIZES)
def test_no_more_is_folded_than_must_be(sizes: dict[str, int]) -> None:
    """Where every group is large, each is shown."""
    if all(size >= FEWEST for size in sizes.values()):
        assert folded(sizes) == frozenset()


def test_the_next_smallest_joins_a_small_group() -> None:
    """The office has four people: with the classrooms' eighteen, nobody can tell which use was whose."""
    found = week(
        row("mon 12:20"), row("mon 12:30", group="office", subject="k2"), row("mon 9:20", "youtube", group="classrooms")
    )
    assert [(group.id, group.use.visits.total) for group in found.groups] == [("staffroom", 1), ("", 2)]


def test_two_groups_of_which_one_is_small_are_not_broken_down() -> None:
    """What is not the staffroom's would be the office's."""
    found = week(row("mon 12:20"), row("mon 12:30", group="office", subject="k2"))
    assert found.groups == ()
    assert found.limits.folded_groups


def without_rosters(**people: int | None) -> Settings:
    """The example school with these people in its groups."""
    settings = school()
    groups = {
        name: table.model_copy(update={"people": people.get(name, table.people)})
        for name, table in settings.file.groups.items()
    }
    return replace(settings, file=settings.file.model_copy(update={"groups": groups}))


def test_a_group_of_unknown_size_is_shown_once_five_people_are_seen() -> None:
    """Four subjects may be four people; then there is no breakdown."""
    settings = without_rosters(staffroom=None)
    others = [row("mon 9:20", "youtube", group="classrooms")]
    few = [row("mon 12:20", subject=f"k{n}") for n in range(4)]
    assert week(*few, *others, settings=settings).groups == ()
    five = [*few, row("mon 12:20", subject="k4")]
    assert [group.id for group in week(*five, *others, settings=settings).groups] == ["classrooms", "staffroom"]


def test_where_all_are_fewer_than_five_only_totals_are_shown() -> None:
    """No table by day, service or group."""
    found = week(row("mon 12:20", group="office"))
    assert found.limits.too_few
    assert tables(found) == ()
