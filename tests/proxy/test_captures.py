"""Recorded traffic through the addon's own hooks: HAR files and mitmproxy dumps."""

import json
from collections.abc import Iterable
from pathlib import Path

from mitmproxy import http
from mitmproxy.io import FlowWriter
from tests.captures.replay import flows_in, replay
from tests.proxy.making import FORM, NOBODY, PUPIL, STAFFROOM, answer, flow_of, school, seconds

LUNCH = "2026-11-16T12:20:00.000Z"
POST = "fb_api_req_friendly_name=ComposerStoryCreateMutation&doc_id=1"


def entry(
    url: str, method: str = "GET", headers: Iterable[tuple[str, str]] = (), body: str = "", status: int = 200
) -> dict[str, object]:
    """One entry of a HAR file, as a browser writes it."""
    request: dict[str, object] = {
        "method": method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": name, "value": value} for name, value in headers],
        "cookies": [],
        "queryString": [],
    }
    if body:
        request["postData"] = {"mimeType": FORM, "text": body}
    return {
        "startedDateTime": LUNCH,
        "time": 12.5,
        "request": request,
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "Content-Type", "value": "text/html"}],
            "cookies": [],
            "content": {"size": 2, "mimeType": "text/html", "text": "ok"},
        },
    }


def har(folder: Path, *entries: object) -> Path:
    """A HAR file."""
    path = folder / "traffic.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    return path


def dump(folder: Path, *flows: http.HTTPFlow) -> Path:
    """A mitmproxy dump."""
    path = folder / "traffic.mitm"
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for flow in flows:
            writer.add(flow)
    return path


def played(path: Path, client: str = STAFFROOM) -> list[tuple[str, str, str] | None]:
    """Service, activity and outcome of each flow's event, or None where there is none."""
    return [
        (event.service, event.activity, event.outcome) if event else None
        for _, event in replay(school(), client, flows_in(path))
    ]


FRAME = [("Sec-Fetch-Dest", "iframe"), ("Sec-Fetch-Site", "cross-site"), ("Referer", "https://news.example/")]
PAGE = [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Site", "none")]


def test_a_browsers_recording(tmp_path: Path) -> None:
    """A page, a post, a button on another site, a background fetch and a bank, as a HAR file has them."""
    path = har(
        tmp_path,
        entry("https://www.facebook.com/", headers=PAGE),
        entry("https://www.facebook.com/api/graphql/", "POST", [("Content-Type", FORM)], POST),
        entry("https://www.facebook.com/plugins/like.php", headers=FRAME),
        entry(
            "https://www.facebook.com/ajax/bz", "POST", [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Dest", "empty")]
        ),
        entry("https://www.bank.example/", headers=PAGE),
    )
    assert played(path) == [
        ("facebook", "open", "permitted"),
        ("facebook", "post", "permitted"),
        ("facebook", "embedded", "not_covered"),
        ("facebook", "contact", "permitted"),
        None,
    ]


def test_a_proxys_recording(tmp_path: Path) -> None:
    """HTTP/2 flows with bodies, one of them never answered."""
    edit = flow_of(
        "https://en.wikipedia.org/w/index.php?title=Owl&action=submit", "POST", {"Content-Type": FORM},
        http2=True, at=seconds("2026-11-16T11:00"),
    )  # fmt: skip
    edit.request.raw_content = b"wpTextbox1=" + b"owl+" * 30_000 + b"&wpSave=1"
    edit.response = answer(302)
    read = flow_of("https://en.wikipedia.org/wiki/Owl", headers=dict(PAGE), http2=True)
    read.response = answer()
    lost = flow_of("https://x.com/home", headers=dict(PAGE), http2=True)
    assert played(dump(tmp_path, edit, read, lost)) == [
        ("wikipedia", "edit", "not_permitted"),
        ("wikipedia", "open", "permitted"),
        ("x", "contact", "permitted"),
    ]


def test_the_same_recording_of_pupils_and_of_strangers(tmp_path: Path) -> None:
    """Pupils are contacts that are not covered; an address in no group is nothing."""
    path = har(tmp_path, entry("https://www.facebook.com/api/graphql/", "POST", [("Content-Type", FORM)], POST))
    assert played(path, PUPIL) == [("facebook", "contact", "not_covered")]
    assert played(path, NOBODY) == [None]


def test_a_damaged_recording_is_read_up_to_the_damage(tmp_path: Path) -> None:
    """An entry that cannot be read is passed over; a dump ends where it breaks off."""
    path = har(tmp_path, entry("https://x.com/"), {"request": {}}, "nonsense", entry("https://x.com/"))
    assert len(played(path)) == 2
    path = dump(tmp_path, *(flow_of("https://x.com/") for _ in range(3)))
    path.write_bytes(path.read_bytes()[:-20])
    assert len(played(path)) == 2
    (tmp_path / "traffic.har").write_text("{")
    assert played(tmp_path / "traffic.har") == []
