"""Request patterns beyond the golden cases: limits, hostile requests, and what may be decided before the body."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunchbell.policy.patterns import (
    LONGEST_PATH,
    LONGEST_VALUE,
    Fields,
    Observation,
    PatternIndex,
    RequestPattern,
    Wanted,
    glob_path,
    operations,
    plain_path,
)
from lunchbell.policy.words import Activity

ANY_PATH = ("**",)


def pattern(**parts: object) -> RequestPattern:
    """A pattern for a post at any path, unless `parts` say otherwise."""
    return RequestPattern(**({"activity": Activity.POST, "path": ANY_PATH} | parts))  # type: ignore[arg-type]


def post(**parts: object) -> Observation:
    """A POST to x.com, unless `parts` say otherwise."""
    return Observation(**({"host": "x.com", "method": "POST"} | parts))  # type: ignore[arg-type]


def naive(glob: str, path: str) -> bool:
    """Whether a path glob fits, character by character."""
    if not glob:
        return not path
    if glob.startswith("**"):
        return any(naive(glob[2:], path[n:]) for n in range(len(path) + 1))
    if glob.startswith("*"):
        segment = path.partition("/")[0]
        return any(naive(glob[1:], path[n:]) for n in range(len(segment) + 1))
    return path.startswith(glob[0]) and naive(glob[1:], path[1:])


@given(st.text("ab/*.", min_size=1, max_size=7), st.text("ab/.\n", max_size=8))
def test_path_globs_fit_as_a_reader_would_fit_them(glob: str, path: str) -> None:
    """`*` stays within a segment, `**` goes anywhere, every other character is itself, and both ends are anchored."""
    while "***" in glob:
        glob = glob.replace("***", "**")
    fits = glob_path(glob).fullmatch(path) is not None
    assert fits is naive(glob.rstrip("/") or "/", path)


@given(st.text("ab*.", max_size=6), st.text("ab.\n", max_size=8))
def test_value_globs_fit_as_a_reader_would_fit_them(glob: str, value: str) -> None:
    """`*` is any run of characters in a field's value, line ends among them."""
    expected = re.fullmatch("".join("[\\s\\S]*" if c == "*" else re.escape(c) for c in glob), value) is not None
    assert pattern(form={"a": (glob,)}).matches(post(form={"a": (value,)})) is expected


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/", "/"),
        ("", "/"),
        ("//", "/"),
        ("/a/", "/a"),
        ("/a//", "/a"),
        ("/a?b=/c/", "/a"),
        ("/%41%2Fb", "/A/b"),
        ("/%2541", "/%41"),
        ("/%zz%", "/%zz%"),
        ("/%ff", "/\ufffd"),
        ("/caf%C3%A9", "/café"),
    ],
)
def test_a_path_is_brought_to_one_form(path: str, plain: str) -> None:
    """Decoded once and no more, without query and trailing slashes."""
    assert plain_path(path) == plain


def test_a_path_that_is_too_long_matches_nothing() -> None:
    """Not even a pattern for any path; a long query does not make a path long."""
    longest = "/" + "a" * (LONGEST_PATH - 1)
    assert pattern().matches(post(path=longest))
    assert pattern().matches(post(path=longest + "?" + "q" * LONGEST_PATH))
    assert not pattern().matches(post(path=longest + "a"))


def test_only_the_beginning_of_a_value_is_looked_at() -> None:
    """A marker behind what a person wrote is not found, and one that fits the beginning is."""
    long = "save" + "x" * LONGEST_VALUE + "publish"
    assert pattern(form={"a": ("save*",)}).matches(post(form={"a": (long,)}))
    assert not pattern(form={"a": ("*publish",)}).matches(post(form={"a": (long,)}))


@pytest.mark.parametrize("depth", [10, 1_000, 50_000])
def test_a_body_that_nests_deeply_is_walked(depth: int) -> None:
    """Lists in lists, deeper than any stack, neither raise nor hide what is in them."""
    nested: object = {"status": "publish"}
    for _ in range(depth):
        nested = [nested]
    seen = post(json={"variables": nested, "operationName": nested})
    assert pattern(json={"variables.status": ("publish",)}).matches(seen)
    assert not pattern(json={"variables.status": ("draft",)}).matches(seen)
    assert list(operations(seen)) == ["{}"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
FIELDS: st.SearchStrategy[Fields] = st.dictionaries(
    st.sampled_from("abc"), st.lists(st.text("xy", max_size=2), min_size=1, max_size=2).map(tuple), max_size=2
)
WANTED: st.SearchStrategy[Wanted] = st.booleans() | st.lists(st.text("xy*", max_size=2), min_size=1, max_size=2).map(
    tuple
)
PREDICATES = st.dictionaries(st.sampled_from(["a", "b", "a.b"]), WANTED, max_size=2)
PATTERNS = st.builds(
    RequestPattern,
    st.just(Activity.POST),
    st.lists(
        st.sampled_from(["/a", "/*", "**", "/a/**", "/a*", "*/a", "/a/*", "**/b", "//a*", "/", "/a/"]),
        min_size=1,
        max_size=2,
    ).map(tuple),
    st.sampled_from([("POST",), ("POST", "PUT")]),
    st.sampled_from([(), ("x.com",), ("api.x.com",)]),
    PREDICATES,
    PREDICATES,
    PREDICATES,
    PREDICATES,
    st.sampled_from([(), ("x*",), ("Create*", "y")]),
)
REQUESTS = st.builds(
    Observation,
    st.sampled_from(["x.com", "api.x.com", "notx.com"]),
    st.sampled_from(["POST", "PUT", "GET"]),
    st.sampled_from(["/a", "/a/b", "/a/", "/", "", "/b", "//a", "/%61", "a", "/a/b/c", "/" * 3000, "/" + "a" * 3000]),
    FIELDS,
    FIELDS,
    JSON,
    st.sampled_from(["", "x", "CreateTweet"]),
)


@given(PATTERNS, REQUESTS)
def test_what_matches_was_a_candidate_before_the_body(pattern: RequestPattern, seen: Observation) -> None:
    """The proxy reads a body only for candidates, so none may be missed, and one without body predicates is certain."""
    before = pattern.may_match(seen.method, seen.host, plain_path(seen.path))
    assert before or not pattern.matches(seen)
    if not pattern.needs_body:
        bare = Observation(seen.host, seen.method, seen.path, seen.query)
        assert pattern.matches(bare) is pattern.matches(seen)


@given(st.lists(PATTERNS, max_size=6), REQUESTS)
def test_the_index_finds_what_trying_each_would_find(patterns: list[RequestPattern], seen: Observation) -> None:
    """Candidates in order, the first that matches, and whether the body is needed to know."""
    index, path = PatternIndex(patterns), plain_path(seen.path)
    assert index.candidates(seen.method, seen.host, path) == [
        p for p in patterns if p.may_match(seen.method, seen.host, path)
    ]
    assert index.match(seen) is next((p for p in patterns if p.matches(seen)), None)
    needed = any(p.needs_body and p.may_match(seen.method, seen.host, path) for p in patterns)
    assert index.needs_body(seen.method, seen.path) or not needed


@given(PATTERNS, REQUESTS)
def test_more_predicates_match_less(pattern: RequestPattern, seen: Observation) -> None:
    """A pattern matches exactly where each of its predicates alone does."""
    parts = {
        name: getattr(pattern, name)
        for name in ("query", "form", "params", "operation", "host")
        if getattr(pattern, name)
    }
    alone = [
        RequestPattern(pattern.activity, pattern.path, pattern.method, **{name: part}) for name, part in parts.items()
    ]
    alone.append(RequestPattern(pattern.activity, pattern.path, pattern.method, json=pattern.json))
    assert pattern.matches(seen) is all(single.matches(seen) for single in alone)


@given(JSON)
def test_a_json_value_is_compared_as_json_writes_it(value: object) -> None:
    """Booleans as true and false, whole numbers without a point; null is absent, a table only present."""
    wanted = pattern(json={"a": True}).matches(post(json={"a": value}))
    leaves = [leaf for leaf in flat(value) if leaf is not None]
    assert wanted is bool(leaves)
    for leaf in leaves:
        text = leaf if isinstance(leaf, str) else "{}" if isinstance(leaf, dict) else json.dumps(leaf)
        if isinstance(leaf, float) and leaf.is_integer():
            text = str(int(leaf))
        if "*" not in text and len(text) <= LONGEST_VALUE:
            assert pattern(json={"a": (text,)}).matches(post(json={"a": value})), text


def flat(value: object) -> list[object]:
    """A value's elements, lists in lists opened."""
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


def test_operation_names_are_found_wherever_clients_put_them() -> None:
    """A header, form fields, query fields, a body and each body of a batch."""
    seen = post(
        operation="Header",
        form={"fb_api_req_friendly_name": ("Form",), "operationName": ("Form2",)},
        query={"operationName": ("Query",), "opname": ("Query2",)},
        json=[{"operationName": "Batch"}, {"operation": "Batch2"}, {"operationName": None}, 7],
    )
    assert list(operations(seen)) == ["Header", "Form", "Form2", "Query", "Query2", "Batch", "Batch2"]
