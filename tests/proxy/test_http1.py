"""What mitmproxy's HTTP/1 is given to read: never an interim answer, never a head without end."""

import h11
import pytest
from mitmproxy.proxy.layers.http import _http1

from lunchbell_proxy.http1 import LONGEST_CHUNK_HEAD, LONGEST_HEAD, Bounded, mend


def buffer(*data: bytes) -> Bounded:
    """With what arrived."""
    buffer = Bounded()
    for part in data:
        buffer += part
    return buffer


ANSWER = b"HTTP/1.1 200 OK\r\na: b\r\n\r\n"


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n", b"HTTP/1.1 102\r\n\r\n" * 9])
def test_interim_answers_are_passed_over(before: bytes) -> None:
    """Any number of them; then the answer."""
    assert buffer(before, ANSWER).maybe_extract_lines() == [b"HTTP/1.1 200 OK", b"a: b"]


def test_an_interim_answer_alone() -> None:
    """The answer is still to come."""
    waiting = buffer(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    assert waiting.maybe_extract_lines() is None
    waiting += ANSWER
    assert waiting.maybe_extract_lines() == [b"HTTP/1.1 200 OK", b"a: b"]


@pytest.mark.parametrize("head", [b"HTTP/1.1 101 Switching Protocols", b"HTTP/1.1 1000 Odd", b"GET /103 HTTP/1.1"])
def test_what_is_no_interim_answer(head: bytes) -> None:
    """A WebSocket's beginning is an answer."""
    assert buffer(head + b"\r\n\r\n").maybe_extract_lines() == [head]


def test_a_head_without_end() -> None:
    """mitmproxy gets something that it must refuse."""
    assert buffer(b"a" * LONGEST_HEAD).maybe_extract_lines() is None
    lines = buffer(b"a: b\r\n" * LONGEST_HEAD).maybe_extract_lines()
    assert lines
    with pytest.raises(ValueError, match="Bad HTTP response line"):
        _http1.http1.read_response_head([bytes(line) for line in lines])
    with pytest.raises(ValueError, match="Bad HTTP request line"):
        _http1.http1.read_request_head([bytes(line) for line in lines])


def test_a_chunk_announced_without_end() -> None:
    """An error of the protocol."""
    with pytest.raises(h11.ProtocolError):
        buffer(b"1;" + b"a" * LONGEST_CHUNK_HEAD).maybe_extract_next_line()


def test_trailers_are_dropped() -> None:
    """The body ends as if there were none; other bodies are read as ever."""
    mend()
    assert _http1.ReceiveBuffer is Bounded
    reader = _http1.make_body_reader(None)
    whole = buffer(b"2\r\nok\r\n0\r\nx-sum: 401\r\n\r\n")
    assert bytes(reader(whole).data) == b"ok"
    end = reader(whole)
    assert isinstance(end, h11.EndOfMessage)
    assert not end.headers
    assert isinstance(_http1.make_body_reader(5), _http1.ContentLengthReader)
