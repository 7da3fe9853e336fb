"""From what was noticed to the event."""

from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest
from mitmproxy import http
from tests.proxy.making import FORM, PUPIL, WIFI, answer, flow_of, noticed, play, school, seconds

from lunchbell.events import Event
from lunchbell.policy.words import Activity, Evidence, Kind, Network, Outcome, Period
from lunchbell.settings.keys import term_of
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Noticing

LUNCH, LESSON, NEXT_DAY, NEXT_TERM = (
    seconds(text) for text in ("2026-11-16T12:20", "2026-11-16T11:00", "2026-11-17T12:20", "2027-01-12T12:20")
)
POST = b"fb_api_req_friendly_name=ComposerStoryCreateMutation&variables=secret+words"


def key_of_term(ms: int) -> bytes:
    """A key for each term of the example school."""
    day = datetime.fromtimestamp(ms / 1000, school().zone).date()
    return term_of(school().calendar, day).encode()


def judging(clock: Clock | None = None, key: Callable[[int], bytes] = key_of_term) -> Judging:
    """Judges with the real clock."""
    return Judging(key, clock or Clock())


def event_of(flow: http.HTTPFlow, body: bytes = b"", response: http.Response | None = None) -> Event:
    """The event of one request."""
    (seen,) = noticed(flow, [body] if body else [], response)
    return judging().event(seen)


def post(at: float, user: str = "") -> http.HTTPFlow:
    """A post on Facebook from the staffroom."""
    return flow_of(
        "https://www.facebook.com/api/graphql/", "POST", {"Content-Type": FORM}, at=at, user=user, http2=True
    )


def test_a_post_at_lunch() -> None:
    """Every field of the event."""
    event = event_of(post(LUNCH), POST)
    assert msgspec.structs.asdict(event) == {
        "v": 1,
        "at": round(LUNCH * 1000),
        "seq": 0,
        "group": "staffroom",
        "subject": "",
        "service": "facebook",
        "kind": Kind.SOCIAL_NETWORK,
        "activity": Activity.POST,
        "evidence": Evidence.PUBLISHED,
        "period": Period.LUNCH,
        "network": Network.SCHOOL,
        "outcome": Outcome.PERMITTED,
        "rule": "lunch-and-after-hours",
        "clause": "401-3",
        "policy": school().fingerprint,
        "bytes": len(POST),
        "source": "proxy",
    }


def test_the_same_post_in_a_lesson() -> None:
    """Only the hour differs, and so does the verdict."""
    event = event_of(post(LESSON), POST)
    assert (event.evidence, event.period, event.outcome) == (Evidence.PUBLISHED, Period.WORK, Outcome.NOT_PERMITTED)


def test_a_post_that_the_site_refused_is_not_one() -> None:
    """Nothing was published."""
    event = event_of(post(LUNCH), POST, answer(403))
    assert (event.activity, event.evidence) == (Activity.CONTACT, Evidence.CONTACT)


def test_both_bodies_count_as_bytes() -> None:
    """What was sent and what came back."""
    found: list[object] = []
    play(Noticing(school(), found.append), post(LUNCH), [POST], answer(), [b"x" * 50])
    assert judging().event(found[0]).bytes == len(POST) + 50  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("client", "outcome"), [(WIFI, Outcome.NOT_PERMITTED), (PUPIL, Outcome.NOT_COVERED)], ids=["personal", "pupil"]
)
def test_a_contact(client: str, outcome: Outcome) -> None:
    """It proves no use, and is judged by the group's rules all the same."""
    found: list[object] = []
    hooks = Noticing(school(), found.append)
    play(hooks, flow_of("http://www.facebook.com/a/path", client=client), [], answer())
    (contact,) = found
    contact.at = LESSON  # type: ignore[attr-defined]
    event = judging().event(contact)  # type: ignore[arg-type]
    assert (event.activity, event.evidence, event.outcome) == (Activity.CONTACT, Evidence.CONTACT, outcome)
    assert (event.bytes, event.subject, event.at) == (0, "", round(LESSON * 1000))


def test_a_page_opened_by_a_person_with_a_timetable_of_their_own() -> None:
    """At 12:20 the office is at work, wherever its people sit; their approval holds for its services."""
    headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
    for url, outcome in (
        ("https://www.facebook.com/", Outcome.NOT_PERMITTED),
        ("https://www.instagram.com/", Outcome.APPROVED),
    ):
        event = event_of(flow_of(url, headers=headers, at=LUNCH, user="OAKFIELD\\J.Okafor"))
        assert (event.activity, event.period, event.outcome) == (Activity.OPEN, Period.WORK, outcome)


def test_a_pseudonym_is_the_same_all_term() -> None:
    """However the name is written, and of nobody else."""
    first = event_of(post(LUNCH, "j.okafor"), POST).subject
    assert first.startswith("k")
    assert len(first) == 17
    assert "okafor" not in first
    assert event_of(post(NEXT_DAY, "OAKFIELD\\J.OKAFOR"), POST).subject == first
    assert event_of(post(LUNCH, "a.patel"), POST).subject != first


def test_a_pseudonym_ends_with_the_term() -> None:
    """The next term's cannot be put together with it."""
    assert event_of(post(NEXT_TERM, "j.okafor"), POST).subject != event_of(post(LUNCH, "j.okafor"), POST).subject


def test_without_a_user_there_is_no_subject() -> None:
    """An address serves many people over a day."""
    assert event_of(post(LUNCH), POST).subject == ""


def test_an_event_holds_nothing_of_what_was_sent() -> None:
    """No path, no host below the service, no name, no address, no word."""
    line = msgspec.json.encode(event_of(post(LUNCH, "j.okafor"), POST))
    for secret in (b"graphql", b"www.facebook", b"okafor", b"10.40.1", b"secret", b"Composer"):
        assert secret not in line


def test_a_rehearsal_judges_by_its_own_clock() -> None:
    """`real` is when the pretended clock showed `pretended`; it may run faster."""
    (seen,) = noticed(post(1_000_060.0), [POST])
    clock = Clock(real=1_000_000.0, pretended=LESSON, speed=80)
    event = judging(clock).event(seen)
    assert event.at == round((LESSON + 60 * 80) * 1000)
    assert (event.period, event.outcome) == (Period.LUNCH, Outcome.PERMITTED)
