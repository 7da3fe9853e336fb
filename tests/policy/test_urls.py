"""URLs and bodies taken apart into what patterns look at."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunchbell.policy.urls import MOST_FIELDS, fields_of, url_parts

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://x.com/a/b?c=1", "x.com", "/a/b", {"c": ("1",)}),
        ("https://X.com:443", "x.com", "/", {}),
        ("x.com:443", "x.com", "/", {}),
        ("[2001:db8::7]:443", "2001:db8::7", "/", {}),
        ("x.com/a?b=c", "x.com", "/a", {"b": ("c",)}),
        ("//x.com/a", "x.com", "/a", {}),
        ("x.com/share?u=https://y.com/z", "x.com", "/share", {"u": ("https://y.com/z",)}),
        ("https://x.com?u=1", "x.com", "/", {"u": ("1",)}),
        ("https://x.com/a%2Fb#c?d=1", "x.com", "/a%2Fb", {}),
        ("https://x.com@y.com/", "y.com", "/", {}),
        ("https://x.com\\@y.com/", "x.com", "/", {}),
        ("https://[x.com/", "x.com", "/", {}),
        ("", "", "/", {}),
        ("/only/a/path", "", "/only/a/path", {}),
    ],
)
def test_a_url_in_parts(url: str, host: str, path: str, query: dict[str, tuple[str, ...]]) -> None:
    """With and without a scheme; a tunnel's address; a URL inside a query; damaged brackets."""
    assert url_parts(url) == (host, path, query)


@given(st.text(max_size=80))
def test_any_url_is_answered(url: str) -> None:
    """No text raises."""
    host, path, query = url_parts(url)
    assert path
    assert all(values for values in query.values())
    assert isinstance(host, str)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_fields_are_read_back(pairs: list[tuple[str, str]]) -> None:
    """Every value of every name, in order, whatever its characters."""
    expected: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        expected[name] = (*expected.get(name, ()), value)
    assert fields_of(urlencode(pairs)) == expected


def test_odd_fields() -> None:
    """Blank values count as present, plus is a space, and bytes that are no UTF-8 are replaced."""
    assert fields_of("a=&b&c=1+2&c=%2B&%ff=%fe") == {
        "a": ("",),
        "b": ("",),
        "c": ("1 2", "+"),
        "\ufffd": ("\ufffd",),
    }


def test_endless_fields_are_cut() -> None:
    """What stands after the first two hundred is not looked at."""
    encoded = "&".join(f"f{n}=1" for n in range(MOST_FIELDS + 50))
    assert list(fields_of(encoded)) == [f"f{n}" for n in range(MOST_FIELDS)]
