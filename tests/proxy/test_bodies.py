"""What is read of a request's body while it streams by."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, repeat
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunchbell.policy.patterns import LONGEST_VALUE
from lunchbell.policy.urls import MOST_FIELDS, fields_of
from lunchbell_proxy.bodies import HOLD, LONGEST_FORM, LONGEST_JSON, LONGEST_NAME, BodyTap

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"


def read(
    body: bytes | Iterable[bytes], kind: str = FORM, encoding: str = ""
) -> tuple[dict[str, tuple[str, ...]], object]:
    """Fields and document of a body; what comes out of the tap is always what went in."""
    tap = BodyTap(kind, encoding)
    for chunk in [body] if isinstance(body, bytes) else body:
        assert tap(chunk) == chunk
    assert tap(b"") == b""
    fields, document = tap.finish()
    return dict(fields), document


def multipart(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    """A multipart body; each part has the rest of its Content-Disposition, and its content."""
    body = b"".join(
        b"--frontier\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    )
    return body + (b"--frontier--\r\n" if end else b"")


def cut(body: bytes, at: Iterable[int]) -> list[bytes]:
    """A body in pieces."""
    places = [0, *sorted(min(place, len(body)) for place in at), len(body)]
    return [body[a:b] for a, b in pairwise(places) if a < b]


# --- Each sort of body


def test_a_form() -> None:
    """Every value of a field, in order, decoded."""
    assert read(b"a=1&b=two+words%21&a=&%C3%A9=%E2%82%AC&c") == (
        {"a": ("1", ""), "b": ("two words!",), "é": ("€",), "c": ("",)},
        None,
    )


def test_a_multipart_form() -> None:
    """Names with their values; a file is a field whose beginning is read; part headers in any letters."""
    body = multipart(
        ('name="action"', b"edit"), ('name="file"; filename="a.png"', b"\x89PNG\r\n"), ('name="action"', b"2")
    )
    body = body.replace(b'Content-Disposition: form-data; name="file"', b'content-disposition: form-data; name="file"')
    assert read(body, MULTIPART)[0] == {"action": ("edit", "2"), "file": ("\ufffdPNG\r\n",)}


@pytest.mark.parametrize("head", ['name="wpSave"', "name=wpSave", 'filename="x"; name="wpSave"', "NAME=wpSave"])
def test_the_name_of_a_part(head: str) -> None:
    """Quoted or not, wherever it stands."""
    assert read(multipart((head, b"1")), MULTIPART)[0] == {"wpSave": ("1",)}


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/vnd.x+json"])
def test_json(kind: str) -> None:
    """The whole document."""
    assert read(b'{"variables":{"a":[1,null]}}', kind) == ({}, {"variables": {"a": [1, None]}})


def test_plain_text_that_is_json() -> None:
    """Services send lists of operations as text/plain, to spare the browser a question to the server."""
    assert read(b'[{"operation":"A"},{"operation":"B"}]', "text/plain;charset=UTF-8")[1] == [
        {"operation": "A"},
        {"operation": "B"},
    ]
    assert read(b"hello, how are you", "text/plain") == ({}, None)


@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", b"a=1"), ("", b"a=1"), ("image/png", b"\x89PNG"), (FORM, b"")]
)
def test_what_is_no_form_has_no_fields(kind: str, body: bytes) -> None:
    """Nor has an empty one."""
    assert read(body, kind) == ({}, None)


@pytest.mark.parametrize("kind", ["Application/X-WWW-Form-URLEncoded; charset=UTF-8", f" {FORM} "])
def test_content_types_are_read_in_any_letters(kind: str) -> None:
    """As HTTP has it."""
    assert read(b"a=1", kind)[0] == {"a": ("1",)}


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("GZIP ", gzip.compress), ("deflate", zlib.compress)]
)
def test_packed_bodies(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """Forms and documents alike."""
    assert read(pack(b"a=1&b=2"), FORM, encoding)[0] == {"a": ("1",), "b": ("2",)}
    assert read(pack(b'{"a":1}'), "application/json", encoding)[1] == {"a": 1}
    assert read(pack(multipart(('name="a"', b"1"))), MULTIPART, encoding)[0] == {"a": ("1",)}


# --- In pieces


_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=150)
@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=12), st.lists(st.integers(0, 600), max_size=30))
def test_a_form_in_pieces_is_the_form(fields: list[tuple[str, str]], places: list[int]) -> None:
    """Wherever it is cut, and it is what the core reads of the same text in a URL."""
    body = urlencode(fields).encode()
    whole = read(body)[0]
    assert read(cut(body, places))[0] == whole
    assert whole == {name: values for name, values in fields_of(body.decode()).items() if name}


@settings(max_examples=150)
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=30))
def test_any_bytes_as_a_form_in_pieces_are_the_same(body: bytes, places: list[int]) -> None:
    """However little sense they make."""
    body = body.replace(b"\x00", b"&").replace(b"\x01", b"=")
    assert read(cut(body, places)) == read(body)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "wpSave", "é"]), st.binary(max_size=60)), max_size=6),
    st.lists(st.integers(0, 700), max_size=40),
    st.booleans(),
)
def test_a_multipart_form_in_pieces_is_the_form(parts: list[tuple[str, bytes]], places: list[int], end: bool) -> None:
    """Also inside its boundaries, and where it breaks off."""
    body = multipart(*((f'name="{name}"', content) for name, content in parts), end=end)
    assert read(cut(body, places), MULTIPART) == read(body, MULTIPART)


@pytest.mark.parametrize(
    ("body", "kind", "encoding"),
    [
        (b"a=1&bb=two+words%21&a=%C3%A9&&c&=x&", FORM, ""),
        (
            multipart(('name="a"', b"1\r\n--front"), ('name="b"; filename="--frontier"', b"\r\n--frontie")),
            MULTIPART,
            "",
        ),
        (json.dumps({"a": ["é", {"b": 1.5}]}).encode(), "application/json", ""),
        (gzip.compress(b"a=1&b=2", mtime=0), FORM, "gzip"),
    ],
    ids=["form", "multipart", "json", "gzip"],
)
def test_a_body_cut_in_two_anywhere(body: bytes, kind: str, encoding: str) -> None:
    """And byte by byte, it is the same as whole."""
    whole = read(body, kind, encoding)
    assert whole != ({}, None)
    for place in range(len(body) + 1):
        assert read(cut(body, [place]), kind, encoding) == whole
    assert read([body[n : n + 1] for n in range(len(body))], kind, encoding) == whole


@pytest.mark.parametrize("size", [HOLD - 2, HOLD - 1, HOLD, HOLD + 1, 3 * HOLD])
def test_where_a_body_stops_being_held_makes_no_difference(size: int) -> None:
    """A field on either side of the limit, and one across it, are read."""
    body = b"first=1&long=" + b"x" * (size - 13) + b"&last=2"
    pieces = [body[n : n + 1000] for n in range(0, len(body), 1000)]
    assert read(pieces)[0] == read(body)[0] == {"first": ("1",), "long": ("x" * LONGEST_VALUE,), "last": ("2",)}


# --- Long ones


def test_a_wiki_page_of_two_megabytes_before_its_save_button() -> None:
    """A browser sends the text first; what decides comes after it."""
    text = quote("Ein Eulenflügel. " * 120_000).encode()
    assert 2_000_000 < len(text) < LONGEST_FORM
    body = b"wpTextbox1=" + text + b"&wpSummary=owl&wpSave=Save+changes"
    fields = read([body[n : n + 65_536] for n in range(0, len(body), 65_536)])[0]
    assert fields["wpSave"] == ("Save changes",)
    assert len(fields["wpTextbox1"][0]) == LONGEST_VALUE


def test_a_photograph_before_the_field_that_decides() -> None:
    """The same as multipart."""
    body = multipart(('name="file"; filename="a.jpg"', bytes(range(256)) * 8_000), ('name="wpUpload"', b"1"))
    fields = read([body[n : n + 5_000] for n in range(0, len(body), 5_000)], MULTIPART)[0]
    assert fields["wpUpload"] == ("1",)
    assert len(fields["file"][0]) <= LONGEST_VALUE


@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_names_and_values_are_cut(kind: str) -> None:
    """To what patterns can ask for; a cut name is not another field's."""
    name, value = "n" * 4_000, "v" * 5_000
    body = f"{name}={value}&a=1".encode() if kind == FORM else multipart((f'name="a"; x="{name}"', value.encode()))
    fields = read(body, kind)[0]
    assert fields["a"] == (("1",) if kind == FORM else (value[:LONGEST_VALUE],))
    assert all(len(found) <= 3 * LONGEST_NAME for found in fields)
    assert all(len(one) <= LONGEST_VALUE for values in fields.values() for one in values)


def test_an_escaped_value_is_cut_after_it_was_decoded() -> None:
    """A value of the full length in three bytes a letter is whole."""
    assert read(b"a=" + b"%41" * LONGEST_VALUE)[0] == {"a": ("A" * LONGEST_VALUE,)}


@pytest.mark.parametrize("kind", [FORM, MULTIPART])
def test_further_fields_than_the_most_are_passed_over(kind: str) -> None:
    """The first ones count, as in a URL."""
    names = [f"f{n}" for n in range(MOST_FIELDS + 50)]
    body = (
        "&".join(f"{name}=1" for name in names).encode()
        if kind == FORM
        else multipart(*((f'name="{name}"', b"1") for name in names))
    )
    assert list(read(body, kind)[0]) == names[:MOST_FIELDS]


# --- Damaged and hostile ones


@pytest.mark.parametrize(
    ("body", "kind", "encoding", "expected"),
    [
        (b"a=%zz&b=%C3&c=%", FORM, "", {"a": ("%zz",), "b": ("\ufffd",), "c": ("%",)}),
        (b"a=1&b=2", FORM, "gzip", {}),
        (gzip.compress(b"a=1&b=2")[:-12], FORM, "gzip", None),
        (b"a=1", FORM, "br", None),
        (b"a=1", "multipart/form-data", "", {}),
        (b"a=1", "multipart/form-data; boundary=", "", {}),
        (b"a=1", "multipart/form-data; boundary=" + "x" * 5_000, "", {}),
        (b"a=1", "multipart/form-data; boundary=\u20ac", "", {}),
        (b"a=1", MULTIPART, "", {}),
        (multipart(("no name", b"1"), ('name="a"', b"2")), MULTIPART, "", {"a": ("2",)}),
        (multipart(('name="a"', b"1"))[:-20] + b"\r\n--frontier\x00", MULTIPART, "", None),
        (b"--frontier\r\nno colon\r\n\r\n1\r\n--frontier--", MULTIPART, "", {}),
        (b'{"a":', "application/json", "", {}),
        (b"\xff\xfe{", "application/json", "", {}),
        (b"[" * 100_000, "application/json", "", {}),
        (b"9" * 100_000, "text/plain", "", {}),
    ],
)
def test_a_damaged_body_raises_nothing(
    body: bytes, kind: str, encoding: str, expected: dict[str, tuple[str, ...]] | None
) -> None:
    """What could be read before the damage is kept; `None` here: it does not matter what."""
    fields, document = read([body[:5], body[5:]], kind, encoding)
    assert expected is None or fields == expected
    assert document is None or document == int(b"9" * 100_000) or isinstance(document, float)


@settings(max_examples=200)
@given(
    st.binary(max_size=300),
    st.sampled_from([FORM, MULTIPART, "application/json", "text/plain", "multipart/form-data; boundary=\xff\x00"]),
    st.sampled_from(["", "gzip", "deflate", "br", "gzip, gzip"]),
    st.lists(st.integers(0, 300), max_size=5),
)
def test_no_bytes_of_any_declared_type_raise(body: bytes, kind: str, encoding: str, places: list[int]) -> None:
    """Whatever a client declares and sends, its page goes on."""
    read(cut(body, places), kind, encoding)


def most_held(chunks: Iterator[bytes], kind: str, encoding: str = "") -> int:
    """The most memory that reading a body took, each chunk a new one."""
    tap = BodyTap(kind, encoding)
    tracemalloc.start()
    try:
        for chunk in chunks:
            tap(bytes(bytearray(chunk)))
        tap.finish()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


CHUNK = 64 * 1024
MANY = 2 * LONGEST_FORM // CHUNK


@pytest.mark.parametrize(
    ("chunk", "kind"),
    [
        (b"x" * CHUNK, FORM),
        (b"a=1&" * (CHUNK // 4), FORM),
        (b"&" * 4_000, FORM),
        (b"[0," * (CHUNK // 3), "application/json"),
        (b" " * CHUNK, "text/plain"),
        (b"--frontier\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 1_100, MULTIPART),
        (b"--frontier\r\nX: " + b"y" * CHUNK, MULTIPART),
        (b"x" * CHUNK, "video/mp4"),
    ],
    ids=["one name", "many fields", "nothing but ends", "json", "spaces", "parts", "a part's header", "a video"],
)
def test_an_endless_body_is_not_held(chunk: bytes, kind: str) -> None:
    """Twice as much as is ever looked at, of each sort: under a megabyte is held of it."""
    assert most_held(repeat(chunk, MANY), kind) < 1_000_000 + LONGEST_JSON


@pytest.mark.parametrize("kind", [FORM, "application/json", MULTIPART])
def test_a_zip_bomb_is_not_unpacked(kind: str) -> None:
    """300 megabytes of zeros in 300 kilobytes: no more is unpacked than is looked at."""
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1_000_000)
    packed = b"".join(packer.compress(block) for _ in range(300)) + packer.flush()
    assert len(packed) < 400_000
    pieces = [packed[n : n + CHUNK] for n in range(0, len(packed), CHUNK)]
    assert most_held(iter(pieces), kind, "gzip") < 3 * LONGEST_FORM


def test_a_body_of_single_bytes_is_held_no_longer_than_others() -> None:
    """A client that sends byte by byte costs what is held of a short body, not more."""
    assert most_held(repeat(b"x", 4 * HOLD), FORM) < 8_000_000


def test_the_size_is_of_everything_that_passed() -> None:
    """Counted as sent, whatever was read of it."""
    tap = BodyTap("video/mp4", "")
    for _ in range(10):
        tap(b"x" * 30_000)
    assert tap.size == 300_000
