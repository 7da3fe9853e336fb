"""From a proxied request to the few fields that classification asks for."""

import pytest
from mitmproxy import http
from tests.proxy.making import FORM, answer, flow_of, noticed, observed

from lunchbell_proxy.bodies import HOLD
from lunchbell_proxy.observation import NO_ANSWER, Seen, authority

FACEBOOK = "https://www.facebook.com"


@pytest.mark.parametrize("http2", [False, True], ids=["Host of HTTP/1", ":authority of HTTP/2"])
def test_the_host_that_the_request_names(http2: bool) -> None:
    """Not the address it was sent to; without port, in one form."""
    seen = observed(flow_of("https://WWW.Facebook.com:443/me?a=b", http2=http2))
    assert (seen.host, seen.method, seen.path) == ("www.facebook.com", "GET", "/me")


def test_authority_comes_before_host() -> None:
    """As HTTP/2 has it where a client sends both."""
    flow = flow_of(f"{FACEBOOK}/", headers={"host": "x.com"}, http2=True)
    assert authority(flow.request) == "www.facebook.com"


@pytest.mark.parametrize("name", [b"Host", b"host", b"HOST"])
def test_the_host_header_in_any_letters(name: bytes) -> None:
    """Header names are."""
    flow = flow_of(f"{FACEBOOK}/")
    flow.request.headers = http.Headers([(b"Accept", b"*/*"), (name, b"x.com")])
    assert authority(flow.request) == "x.com"


def test_a_request_that_names_no_host_is_where_it_was_sent() -> None:
    """HTTP/1.0 has no Host."""
    flow = flow_of(f"{FACEBOOK}/")
    flow.request.headers.clear()
    flow.request.data.host = "www.facebook.com"
    assert authority(flow.request) == "www.facebook.com"


def test_the_query_is_taken_apart() -> None:
    """Every value, decoded; the path stays as it was sent."""
    seen = observed(flow_of(f"{FACEBOOK}/a%20b/?x=1&y=%C3%A9&x=2#no"))
    assert (seen.path, seen.query) == ("/a%20b/", {"x": ("1", "2"), "y": ("é",)})


def test_a_request_without_a_query_has_no_fields() -> None:
    """Nor has one with an empty query."""
    assert observed(flow_of(f"{FACEBOOK}/")).query == observed(flow_of(f"{FACEBOOK}/?")).query == {}


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Origin": "https://www.example.org"}, "www.example.org"),
        ({"Origin": "https://www.example.org", "Referer": "https://other.example/"}, "www.example.org"),
        ({"Origin": "null", "Referer": "https://other.example:8443/page?x"}, "other.example"),
        ({"Origin": "null"}, ""),
        ({"Referer": "https://Other.Example/page"}, "other.example"),
        ({"Referer": "/page"}, ""),
        ({}, ""),
    ],
)
def test_which_site_asked(headers: dict[str, str], origin: str) -> None:
    """Origin if it says anything, else Referer; of either only the host."""
    assert observed(flow_of(f"{FACEBOOK}/tr", headers=headers)).origin == origin


def test_what_the_browser_says_about_the_request() -> None:
    """Fetch Metadata and the name of a GraphQL operation."""
    seen = observed(
        flow_of(
            f"{FACEBOOK}/",
            headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site", "X-FB-Friendly-Name": "FeedQuery"},
        )
    )
    assert (seen.dest, seen.site, seen.operation) == ("iframe", "cross-site", "FeedQuery")


@pytest.mark.parametrize(
    ("headers", "prefetch"),
    [
        ({"Sec-Purpose": "prefetch;prerender"}, True),
        ({"Sec-Purpose": "prefetch"}, True),
        ({"Purpose": "prefetch"}, True),
        ({"Purpose": "preview"}, False),
        ({}, False),
    ],
)
def test_a_page_that_was_only_fetched_ahead(headers: dict[str, str], prefetch: bool) -> None:
    """Nobody opened it."""
    assert observed(flow_of(f"{FACEBOOK}/", headers=headers)).prefetch is prefetch


@pytest.mark.parametrize(
    ("kind", "html"),
    [
        ("text/html", True),
        ("text/html; charset=utf-8", True),
        ("Text/HTML;charset=UTF-8", True),
        ("application/xhtml+xml", True),
        ("application/json", False),
        ("text/plain; text/html", False),
        ("", False),
    ],
)
def test_whether_the_answer_is_a_page(kind: str, html: bool) -> None:
    """By its declared type, in any letters."""
    assert observed(flow_of(f"{FACEBOOK}/"), response=answer(kind=kind)).html is html


@pytest.mark.parametrize("status", [200, 304, 403])
def test_the_status_is_the_answers(status: int) -> None:
    """A refused request did nothing."""
    assert observed(flow_of(f"{FACEBOOK}/"), response=answer(status)).status == status


def test_a_request_without_an_answer_counts_as_refused() -> None:
    """As a gateway would put it."""
    flow = flow_of(f"{FACEBOOK}/")
    (seen,) = noticed_without_answer(flow)
    assert isinstance(seen, Seen)
    assert seen.status == NO_ANSWER == 502


def noticed_without_answer(flow: http.HTTPFlow) -> list[object]:
    """What is recorded when the server never answers."""
    from tests.proxy.making import play, school

    from lunchbell_proxy.noticing import Noticing

    found: list[object] = []
    play(Noticing(school(), found.append), flow)
    return found


def test_a_form() -> None:
    """Its fields, whether it was held or read as it streamed by."""
    flow = flow_of(f"{FACEBOOK}/api/graphql/", "POST", {"Content-Type": FORM})
    assert observed(flow, b"fb_api_req_friendly_name=A&b=1").form["fb_api_req_friendly_name"] == ("A",)
    flow = flow_of(f"{FACEBOOK}/api/graphql/", "POST", {"Content-Type": FORM})
    assert observed(flow, b"long=" + b"x" * HOLD + b"&b=1").form["b"] == ("1",)


def test_a_document() -> None:
    """The parsed JSON."""
    flow = flow_of(
        "https://x.com/i/api/graphql/abc/CreateTweet", "POST", {"content-type": "application/json"}, http2=True
    )
    assert observed(flow, b'{"variables":{"reply":{}}}').json == {"variables": {"reply": {}}}


def test_a_body_that_no_pattern_asks_for_is_not_read() -> None:
    """Nor its fields kept."""
    seen = observed(flow_of(f"{FACEBOOK}/no/such/path", "POST", {"Content-Type": FORM}), b"a=1")
    assert (seen.form, seen.json) == ({}, None)


def test_odd_bytes_in_path_and_headers_break_nothing() -> None:
    """They are read as well as they can be."""
    flow = flow_of(f"{FACEBOOK}/", headers={"Referer": "https://\xff\xfe/", "Sec-Fetch-Site": "\xa0"})
    flow.request.data.path = b"/\xff\xfe?\xff=\xfe"
    flow.request.data.method = b"G\xc3\x89T"
    seen = observed(flow)
    assert seen.path == "/\ufffd\ufffd"
    assert seen.query == {"\ufffd": ("\ufffd",)}


def test_a_request_has_only_what_classification_asks_for() -> None:
    """Neither cookies nor who is signed in get as far as the observation."""
    (seen,) = noticed(flow_of(f"{FACEBOOK}/", headers={"Cookie": "c_user=1234", "Authorization": "Bearer 99"}))
    assert isinstance(seen, Seen)
    assert "1234" not in str(observed(flow_of(f"{FACEBOOK}/", headers={"Cookie": "c_user=1234"})))
