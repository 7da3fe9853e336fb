"""Batches as they arrive, line by line."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.live.lines import AT, body, event, gap

from lunchbell.live.decoding import LARGEST, MOST_LINES, decode

DOCUMENT = msgspec.to_builtins(event(1))


def changed(**values: object) -> bytes:
    """Event number 1 with other values."""
    return msgspec.json.encode(DOCUMENT | values)


def test_lines_are_events_and_gaps_by_number() -> None:
    """A batch of both, numbered from its first."""
    decoded = decode(7, body(event(7), gap(8, "crashed", 0), event(9)))
    assert decoded == (7, 9, [event(7), event(9)], [gap(8, "crashed", 0)], [])


def test_the_last_line_may_lack_its_end() -> None:
    """A final newline is optional."""
    assert decode(1, body(event(1), event(2))[:-1]) == decode(1, body(event(1), event(2)))


def test_a_gap_of_the_store_takes_the_numbers_of_what_is_lost() -> None:
    """The line after it has the number after the last that it stands for; other gaps take one number."""
    decoded = decode(3, body(gap(3, lost=5), event(8), gap(9, "full", 100), event(10)))
    assert (decoded.first, decoded.last) == (3, 10)
    assert not decoded.rejected
    assert [e.seq for e in decoded.events] == [8, 10]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b"\xff\xfe",
        b'{"v":1}',
        changed(v=2),
        changed(seq=2),
        changed(seq="1"),
        changed(at=-1),
        changed(at=10**15),
        changed(at=10**30),
        changed(at=1.5),
        changed(bytes=-1),
        changed(bytes=LARGEST),
        changed(activity="shopping"),
        changed(source="elsewhere"),
        changed(url="https://secret.example/"),
        changed(subject=None),
        b'{"subject":"\\ud800"}',
        body(gap(2))[:-1],
        b'{"v":1,"gap":5,"until":4,"reason":"full","lost":0,"seq":1}',
        b'{"v":1,"gap":5,"until":6,"reason":"bored","lost":0,"seq":1}',
        b'{"v":1,"gap":5,"until":6,"reason":"store","lost":-3,"seq":1}',
        b'{"v":1,"gap":5,"until":6,"reason":"store","lost":1000000000000000,"seq":1}',
    ],
)
def test_a_bad_line_is_kept_by_number_and_costs_no_other(line: bytes) -> None:
    """The lines around it count, and the reason quotes nothing of it."""
    decoded = decode(1, body(line, event(2)))
    assert decoded.events == [event(2)]
    ((number, reason),) = decoded.rejected
    assert number == 1
    assert reason
    assert "secret" not in reason
    assert "shopping" not in reason


@pytest.mark.parametrize("content", [b"", b"\n" * (MOST_LINES + 1)])
def test_a_batch_has_lines_but_not_too_many(content: bytes) -> None:
    """None, or more than the most, is refused as a whole."""
    with pytest.raises(ValueError, match="lines"):
        decode(1, content)


@given(
    first=st.integers(1, 10**15),
    lines=st.lists(
        st.one_of(
            st.binary(max_size=30).filter(lambda b: b"\n" not in b),
            st.just(b'{"v":1,"gap":'),
            st.integers(0, 3).map(lambda n: changed(seq=n)),
            st.integers(0, 5).map(lambda n: body(gap(1, lost=n))[:-1]),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_every_number_is_accounted_for_whatever_comes(first: int, lines: list[bytes]) -> None:
    """Events, gaps and rejected lines cover first..last exactly, and nothing but ValueError is ever raised."""
    decoded = decode(first, b"\n".join(lines) + b"\n")
    covered = [e.seq for e in decoded.events] + [n for n, _ in decoded.rejected]
    for one in decoded.gaps:
        covered += range(one.seq, one.last + 1)
    assert sorted(covered) == list(range(first, decoded.last + 1))
    assert all(0 <= e.at < 253_402_300_800_000 for e in decoded.events)
    assert AT
