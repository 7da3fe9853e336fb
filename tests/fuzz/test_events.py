"""Batches of sound, odd and broken lines, in any order, damaged on the way: no 500, and nothing is counted twice."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from tests.fuzz.events import ODD, RAW, SOUND, Line, Post, Server, no_errors_logged, play, posts


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all examples; each has an epoch of its own."""
    server = Server(tmp_path_factory.mktemp("fuzz"))
    yield server
    server.close()


ONE = Line(None, None, False)


@given(posted=posts())
@example(posted=[Post(0, [Line(None, ("bytes", str(2**53 - 1)), False)] * 3, False, "")])
@example(posted=[Post(0, [ONE], False, "token")])
@example(posted=[Post(0, [ONE], False, "gzip"), Post(0, [ONE, ONE], True, ""), Post(-1, [ONE, ONE, ONE], False, "")])
def test_any_batches(server: Server, posted: list[Post]) -> None:
    """Each sound line that was taken is in the store exactly once; no error was logged; no reason quotes a line."""
    with no_errors_logged():
        play(server, posted)


@pytest.mark.parametrize("key", SOUND)
def test_every_odd_value_of_every_key(server: Server, key: str) -> None:
    """One batch a key, sound lines between the odd ones: those are taken."""
    odd = [Line(None, (key, value), False) for value in ODD]
    with no_errors_logged():
        play(server, [Post(0, [ONE, *odd, ONE], True, "")])


def test_every_raw_line(server: Server) -> None:
    """The same for lines that are no events at all."""
    with no_errors_logged():
        play(server, [Post(0, [ONE, *(Line(raw, None, False) for raw in RAW), ONE], True, "")])


def test_a_line_of_many_megabytes(server: Server) -> None:
    """It is refused while it comes in; nothing of it is taken."""
    with no_errors_logged():
        answer = server.post("huge", 1, b'{"v":1,"group":"' + b"a" * 6_000_000)
    assert answer.status in (0, 413)  # 0: the server hung up before it had all
    assert server.ask("SELECT count(*) FROM feeds WHERE epoch = 'huge'") == [(0,)]
