"""Lines of Squid's native log."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunchbell.bulk.squid import LogRecord, looks_like, parse

TUNNEL = b"1794831600.123  61234 10.40.1.17 TCP_TUNNEL/200 5120 CONNECT www.facebook.com:443 - HIER_DIRECT/192.0.2.1 -"


def test_a_tunnel_with_a_padded_elapsed_time() -> None:
    """Squid fills the elapsed time up to six characters with spaces."""
    assert parse(TUNNEL.replace(b" 61234", b"     7")) == LogRecord(
        1_794_831_600_123, "10.40.1.17", 200, 5120, "CONNECT", "www.facebook.com:443", "", "-"
    )


def test_a_page_with_its_content_type() -> None:
    """A request that Squid read itself names the whole URL and the answer's type."""
    line = b"1794831600.123 80 10.40.1.17 TCP_MISS/304 310 GET http://x.com/home?a=b - HIER_DIRECT/192.0.2.1 text/html"
    assert parse(line)[2:] == (304, 310, "GET", "http://x.com/home?a=b", "", "text/html")


def test_an_ipv6_client() -> None:
    """Colons in the address are no separators."""
    assert parse(TUNNEL.replace(b"10.40.1.17", b"fd40:1::17")).client == "fd40:1::17"


@pytest.mark.parametrize(
    ("written", "user"),
    [
        (b"-", ""),
        (b"j.okafor", "j.okafor"),
        (b"OAKFIELD%5cj.okafor", "OAKFIELD\\j.okafor"),
        (b"zo%c3%ab%20hart", "zoë hart"),
        (b"%ff", "\ufffd"),
    ],
)
def test_user_names_are_unescaped(written: bytes, user: str) -> None:
    """Squid writes what is no plain character of a user name as a percent escape."""
    assert parse(TUNNEL.replace(b" - HIER", b" " + written + b" HIER")).user == user


@pytest.mark.parametrize(
    ("line", "status", "url"),
    [
        (TUNNEL.replace(b"TCP_TUNNEL/200", b"TCP_DENIED/407"), 407, "www.facebook.com:443"),
        (TUNNEL.replace(b"TCP_TUNNEL/200", b"TCP_DENIED_REPLY/403"), 403, "www.facebook.com:443"),
        (
            b"1794831600.123      0 10.40.1.17 NONE/000 0 NONE error:transaction-end-before-headers - HIER_NONE/- -",
            0,
            "error:transaction-end-before-headers",
        ),
    ],
)
def test_refusals_and_broken_connections_are_lines_too(line: bytes, status: int, url: str) -> None:
    """TCP_DENIED, and NONE/000 for a client that hung up before it said anything."""
    assert parse(line)[2:6:3] == (status, url)


def test_timestamps_may_be_whole_seconds() -> None:
    """As a log that another program wrote has them."""
    assert parse(TUNNEL.replace(b"1794831600.123", b"1794831600")).at == 1_794_831_600_000


def test_further_fields_are_passed_over() -> None:
    """Such as a logformat with the SNI or the user agent added at the end."""
    assert parse(TUNNEL + b' peek www.facebook.com "Mozilla/5.0 (X11)"') == parse(TUNNEL)


def test_a_line_without_its_last_field_is_read() -> None:
    """The content type is missing where an old Squid did not know it."""
    assert parse(TUNNEL.removesuffix(b" -")) == parse(TUNNEL)._replace(content_type="")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "0 fields"),
        (TUNNEL[:30], "3 fields"),
        (TUNNEL.replace(b"1794831600.123", b"16/Nov/2026:12:20:00"), "time and a duration"),
        (TUNNEL.replace(b" 61234", b" 61.2s"), "time and a duration"),
        (TUNNEL.replace(b"1794831600.123", b"nan"), "seconds since 1970"),
        (TUNNEL.replace(b"1794831600.123", b"inf"), "seconds since 1970"),
        (TUNNEL.replace(b"1794831600.123", b"1e300"), "seconds since 1970"),
        (TUNNEL.replace(b"1794831600.123", b"1794831600123"), "seconds since 1970"),
        (TUNNEL.replace(b"1794831600.123", b"-5"), "seconds since 1970"),
        (TUNNEL.replace(b"TCP_TUNNEL/200", b"TCP_TUNNEL"), "code/status"),
        (TUNNEL.replace(b"TCP_TUNNEL/200", b"TCP_TUNNEL/ok"), "code/status"),
        (TUNNEL.replace(b"TCP_TUNNEL/200", b"TCP_TUNNEL/2000000"), "code/status"),
        (TUNNEL.replace(b" 5120 ", b" big "), "not a size"),
        (TUNNEL.replace(b" 5120 ", b" -5120 "), "not a size"),
        (TUNNEL.replace(b" 5120 ", b" " + b"9" * 30 + b" "), "not a size"),
        (TUNNEL.replace(b" 5120 ", b" " + b"9" * 5000 + b" "), "not a size"),
    ],
)
def test_a_damaged_line_is_refused_with_the_field_that_is_wrong(line: bytes, reason: str) -> None:
    """The reason names the field and holds nothing of the line."""
    with pytest.raises(ValueError, match=reason) as refused:
        parse(line)
    assert "facebook" not in str(refused.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_a_value_error(line: bytes) -> None:
    """Never another exception."""
    with suppress(ValueError):
        assert parse(line).at >= 0


_FIELD = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.floats().map(lambda f: repr(f).encode()),
    st.integers().map(lambda i: str(i).encode()),
    st.sampled_from([b"TCP_MISS/200", b"-", b"%5c", b"GET", b"http://x.com/", b"1794831600.123"]),
)


@given(st.lists(_FIELD, min_size=9, max_size=11))
def test_a_record_fits_into_the_store(fields: list[bytes]) -> None:
    """Whatever passes as a line has numbers that SQLite and the calendar take."""
    try:
        record = parse(b" ".join(fields))
    except ValueError:
        return
    assert 0 <= record.at <= 253_402_300_800_000
    assert 0 <= record.size < 2**50
    assert 0 <= record.status <= 999


def test_a_file_is_known_by_one_line_that_can_be_read() -> None:
    """A damaged first line does not hide the format."""
    assert looks_like([b"cut off", TUNNEL])
    assert not looks_like([b"cut off", b'10.0.0.1 - - [16/Nov/2026:12:20:00 +0000] "GET / HTTP/1.1" 200 5'])
