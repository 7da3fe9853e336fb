"""Hostile sites and clients: no hook raises or counts a mistake, what is held is bounded, each event can be stored."""

import gzip
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.flows import DOCUMENTS, HOSTS, PARTS, PATHS, VALUES, Addons, Hostile, cut, held_at_most, hostile, packed
from tests.proxy.making import FORM, STAFFROOM

from lunchbell_proxy.bodies import HOLD, BodyTap

PLAIN = Hostile(
    b"www.facebook.com", False, b"POST", b"/api/graphql/", [(b"content-type", FORM.encode())], b"a=1", "", [],
    STAFFROOM, "", 200, [], [], "answered",
)  # fmt: skip
KINDS = [FORM, "application/json", "text/plain", "multipart/form-data; boundary=b"]


@pytest.fixture(scope="module")
def addons() -> Addons:
    """One for all examples, as in a proxy that runs for weeks."""
    return Addons()


@given(one=hostile())
@example(one=PLAIN._replace(body=b"a=1", packing="twice", headers=[*PLAIN.headers, (b"content-encoding", b"gzip")]))
@example(one=PLAIN._replace(user="\ud7ff\x00", ending="websocket"))
def test_any_request(addons: Addons, one: Hostile) -> None:
    """Through every hook and the judge; the analyser would take the event."""
    addons.pass_through(one)


@pytest.mark.parametrize("http2", [False, True])
def test_every_odd_host_path_and_value(addons: Addons, http2: bool) -> None:
    """One after the other, the rest of the request as usual."""
    for host in HOSTS:
        addons.pass_through(PLAIN._replace(host=host, http2=http2))
    for path in PATHS:
        for host in (b"www.facebook.com", b"en.wikipedia.org"):
            addons.pass_through(PLAIN._replace(path=path, host=host, http2=http2))
    for value in VALUES:
        for name in (b"content-type", b"content-encoding", b"referer", b"origin", b"x-fb-friendly-name"):
            addons.pass_through(PLAIN._replace(headers=[(name, value), *PLAIN.headers], http2=http2))


@given(
    parts=st.lists(st.sampled_from(PARTS + DOCUMENTS), max_size=4),
    kind=st.sampled_from([*KINDS, *(value.decode("latin-1") for value in VALUES)]),
    packing=st.sampled_from(["", "gzip", "cut", "twice", "zlib"]),
    cuts=st.lists(st.integers(0, 100_000), max_size=20),
)
def test_a_body_reads_the_same_however_it_is_cut(parts: list[bytes], kind: str, packing: str, cuts: list[int]) -> None:
    """Every chunk comes out as it went in, and the fields do not depend on where chunks end."""
    body = packed(b"".join(parts), packing)
    read = []
    for chunks in ([body], cut(body, cuts)):
        tap = BodyTap(kind, "gzip" if packing else "")
        assert [tap(chunk) for chunk in chunks] == chunks
        held_at_most(tap)
        read.append(tap.finish())
    assert read[0] == read[1]


def endless(kind: str, encoding: str, chunk: bytes, times: int, first: bytes = b"") -> tuple[int, int]:
    """Peak memory in bytes while a chunk is repeated, and the bytes that went by."""
    tap = BodyTap(kind, encoding)
    tracemalloc.start()
    try:
        tap(first)
        for _ in range(times):
            tap(chunk)
        tap.finish()
        return tracemalloc.get_traced_memory()[1], tap.size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_after_the_end_of_a_gzip_body_is_not_held(kind: str) -> None:
    """zlib would keep it, and copy it again at every chunk: 20 MB of it took five seconds and 20 MB of memory."""
    peak, size = endless(kind, "gzip", bytes(64 * 1024), 300, gzip.compress(b"a=1") + bytes(HOLD))
    assert size > 19_000_000
    assert peak < 2_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_of_one_byte_and_of_none(kind: str) -> None:
    """HTTP/2 may send any number of empty ones: they are not held."""
    assert endless(kind, "", b"", 50_000)[0] < 200_000
    assert endless(kind, "", b"ab", 30_000)[0] < 1_000_000


def test_names_and_referrers_are_remembered_in_part() -> None:
    """Ten thousand pages of a site, and as many hosts at full length, leave little behind."""
    addons = Addons()
    tracemalloc.start()
    try:
        for number in range(400):
            page = b"https://x.com/%d?" % number + b"a" * 50_000
            host = b"a" * 50_000 + b"%d" % number
            addons.pass_through(PLAIN._replace(headers=[*PLAIN.headers, (b"referer", page)]))
            addons.pass_through(PLAIN._replace(host=host, http2=True))
        addons.noticed.clear()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 3_000_000
