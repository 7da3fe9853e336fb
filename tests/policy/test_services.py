"""Which activity a request is, in DESIGN.md's order, and how sure that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.schools import service

from lunchbell.policy.patterns import Observation, RequestPattern
from lunchbell.policy.services import Catalogue
from lunchbell.policy.words import Activity, Evidence, Kind

CHIRP = service(
    "chirp",
    domains=("chirp.example", "chirp-cdn.example"),
    requests=(
        RequestPattern(Activity.CONTACT, ("/api/post",), form={"draft": True}),
        RequestPattern(Activity.POST, ("/api/post",)),
        RequestPattern(Activity.COMMENT, ("/plugins/comments",)),
        RequestPattern(Activity.REACT, ("/like",), method=("GET", "POST")),
    ),
)
TUBE = service("tube", Kind.VIDEO)
CATALOGUE = Catalogue([CHIRP, TUBE])


def activity(**seen: object) -> str:
    """What a request to chirp did."""
    return CATALOGUE.activity_of(CHIRP, Observation(**({"host": "chirp.example"} | seen)))  # type: ignore[arg-type]


PAGE = {"dest": "document", "site": "none", "html": True, "status": 200}


class TestPatternsComeFirst:
    """Step 1."""

    def test_a_pattern_names_the_activity(self) -> None:
        """A POST to the service's endpoint is a post."""
        assert activity(method="POST", path="/api/post", dest="empty", site="same-origin") == "post"

    def test_the_first_pattern_that_matches_wins(self) -> None:
        """The exception for drafts stands before the pattern for posts."""
        assert activity(method="POST", path="/api/post", form={"draft": ("1",)}) == "contact"

    def test_a_comment_plugin_in_another_site_s_frame_publishes(self) -> None:
        """A matching request is never called embedded."""
        seen = {"dest": "empty", "site": "cross-site", "origin": "news.example"}
        assert activity(method="POST", path="/plugins/comments", **seen) == "comment"

    def test_a_pattern_may_name_a_navigation(self) -> None:
        """A GET that likes something is more than opening a page."""
        assert activity(path="/like", **PAGE) == "react"

    @pytest.mark.parametrize(("status", "expected"), [(200, "post"), (302, "post"), (0, "post"), (399, "post")])
    def test_an_answer_that_is_no_refusal_publishes(self, status: int, expected: str) -> None:
        """Many services answer a post with a redirect; a status may not be known."""
        assert activity(method="POST", path="/api/post", status=status) == expected

    @pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 502])
    def test_what_the_site_refused_is_not_published(self, status: int) -> None:
        """An error, or a filter's block page, proves no more than a contact, even from another site's page."""
        assert activity(method="POST", path="/api/post", status=status) == "contact"
        seen = {"site": "cross-site", "origin": "news.example", "dest": "iframe"}
        assert activity(method="POST", path="/plugins/comments", status=status, **seen) == "contact"


class TestEmbedded:
    """Step 2."""

    @pytest.mark.parametrize("dest", ["script", "image", "iframe", "empty", "style", "frame", ""])
    def test_another_site_s_page_asked_for_it(self, dest: str) -> None:
        """By Sec-Fetch-Site, with or without a referer, answered by HTML or not."""
        for origin in ("", "news.example"):
            for html in (True, False):
                assert activity(site="cross-site", dest=dest, origin=origin, html=html) == "embedded"

    def test_by_the_referer_where_sec_fetch_is_missing(self) -> None:
        """An older browser's request for a button."""
        assert activity(origin="news.example", path="/button.js") == "embedded"
        assert activity(origin="tube.example", path="/button.js") == "embedded"

    def test_a_page_by_the_referer_is_no_navigation(self) -> None:
        """Without Sec-Fetch, a page with a foreign referer may as well be a frame."""
        assert activity(origin="news.example", html=True) == "embedded"

    def test_sec_fetch_beats_the_referer(self) -> None:
        """What says that it is not from another site is not embedded."""
        for site in ("same-origin", "same-site", "none"):
            assert activity(origin="news.example", site=site, dest="empty") == "contact"

    def test_a_service_s_own_other_site_is_not_another(self) -> None:
        """Pictures from the service's second domain are its own traffic."""
        assert activity(site="cross-site", dest="image", origin="www.chirp-cdn.example") == "contact"
        assert activity(dest="", origin="chirp-cdn.example") == "contact"

    def test_a_background_request_without_any_origin_is_not_called_embedded(self) -> None:
        """Nothing says that another site asked for it."""
        assert activity(method="POST", path="/metrics") == "contact"

    def test_a_blocked_button_is_still_embedded(self) -> None:
        """Its status changes nothing: it was never the person's own use."""
        assert activity(site="cross-site", dest="script", origin="news.example", status=403) == "embedded"


class TestOpen:
    """Step 3."""

    def test_a_top_level_navigation(self) -> None:
        """Typed in, followed from another site, or a form sent that no pattern knows."""
        assert activity(**PAGE) == "open"
        assert activity(**PAGE | {"site": "cross-site", "origin": "news.example"}) == "open"
        assert activity(**PAGE | {"method": "POST", "site": "same-origin"}) == "open"

    def test_a_page_where_sec_fetch_is_missing(self) -> None:
        """A GET answered by HTML with no foreign referer."""
        assert activity(html=True) == "open"
        assert activity(html=True, origin="www.chirp.example") == "open"

    def test_no_page_is_no_opening(self) -> None:
        """A picture, a POST, a frame of the service's own, or a fetch."""
        assert activity(html=False) == "contact"
        assert activity(html=True, method="POST") == "contact"
        assert activity(html=True, method="HEAD") == "contact"
        assert activity(html=True, dest="iframe", site="same-origin") == "contact"
        assert activity(html=True, dest="empty", site="same-origin") == "contact"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 403, 404, 451, 500, 502, 503])
    def test_a_redirect_or_an_error_is_not_a_page_that_someone_opened(self, status: int) -> None:
        """A filter's block page is one of these."""
        assert activity(**PAGE | {"status": status}) == "contact"

    @pytest.mark.parametrize("status", [0, 200, 203, 206, 304])
    def test_an_answer_from_the_browser_s_own_cache_is_a_page(self, status: int) -> None:
        """304 is as good as 200, and a log without a status says nothing against it."""
        assert activity(**PAGE | {"status": status}) == "open"

    def test_a_prefetch_is_not_a_page_that_someone_opened(self) -> None:
        """The browser fetched it ahead, nobody has looked at it."""
        assert activity(**PAGE | {"prefetch": True}) == "contact"


class TestContact:
    """Step 4."""

    def test_a_tunnel_is_no_more_than_a_contact(self) -> None:
        """Whatever else is said of it."""
        assert activity(method="CONNECT") == "contact"
        assert activity(method="CONNECT", **PAGE) == "contact"
        assert activity(method="CONNECT", origin="news.example", site="cross-site") == "contact"

    def test_a_background_fetch(self) -> None:
        """The page's own traffic proves no use of its own."""
        assert activity(dest="empty", site="same-origin", path="/api/timeline") == "contact"


@given(
    st.builds(
        Observation,
        st.just("chirp.example"),
        st.sampled_from(["GET", "POST", "CONNECT", "HEAD"]),
        st.just("/nothing"),
        dest=st.sampled_from(["", "document", "iframe", "empty", "script"]),
        site=st.sampled_from(["", "none", "same-origin", "same-site", "cross-site"]),
        origin=st.sampled_from(["", "news.example", "chirp.example", "tube.example"]),
        html=st.booleans(),
        prefetch=st.booleans(),
        status=st.sampled_from([0, 200, 301, 304, 404, 500]),
    )
)
def test_without_a_pattern_it_is_embedded_open_or_contact(seen: Observation) -> None:
    """And which of them follows from DESIGN.md's sentences, read in another order."""
    foreign = seen.origin in ("news.example", "tube.example")
    from_another = (seen.site == "cross-site" and seen.origin != "chirp.example") or (not seen.site and foreign)
    page = seen.dest == "document" or (not seen.dest and seen.method == "GET" and seen.html)
    answered = seen.status in (0, 200, 304) and not seen.prefetch
    found = CATALOGUE.activity_of(CHIRP, seen)
    assert (found is Activity.OPEN) is (
        page and answered and seen.method != "CONNECT" and (seen.dest == "document" or not from_another)
    )
    assert (found is Activity.EMBEDDED) is (from_another and seen.dest != "document" and seen.method != "CONNECT")
    assert found in (Activity.OPEN, Activity.EMBEDDED, Activity.CONTACT)


@pytest.mark.parametrize("activity_", list(Activity))
def test_evidence(activity_: Activity) -> None:
    """Published only where others can read it; an upload only where the service's file says that it publishes."""
    published = {"post", "comment", "message", "edit"}
    none = {"contact", "embedded"}
    expected = (
        Evidence.PUBLISHED if activity_ in published else Evidence.CONTACT if activity_ in none else Evidence.OPENED
    )
    assert CHIRP.evidence_of(activity_) is expected
    publishing = service("tube", upload_publishes=True)
    upload = activity_ is Activity.UPLOAD
    assert publishing.evidence_of(activity_) is (Evidence.PUBLISHED if upload else expected)


def test_candidates_are_the_patterns_that_may_still_match() -> None:
    """By method, host and plain path; their order is kept."""
    assert CHIRP.index.candidates("POST", "chirp.example", "/api/post") == list(CHIRP.requests[:2])
    assert CHIRP.index.candidates("GET", "chirp.example", "/like") == [CHIRP.requests[3]]
    assert CHIRP.index.candidates("GET", "chirp.example", "/api/post") == []
