"""Plays recorded flows (HAR files and mitmproxy dumps) through the addon's own hooks, as a live proxy would call them.

    python -m tests.captures.replay FOLDER SCHOOL.toml CLIENT

prints what became of every request, by service, and each request taken for embedded with the page that asked for it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mitmproxy import connection, exceptions, http, io
from mitmproxy.io.har import request_to_flow

from lunchbell.events import Event
from lunchbell.settings import Settings, load
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact, Noticing
from lunchbell_proxy.observation import Seen, authority


def flows_in(path: Path) -> Iterator[http.HTTPFlow]:
    """The HTTP flows of a capture, up to where it is damaged."""
    if path.suffix == ".har":
        try:
            entries = json.loads(path.read_text("utf-8-sig"))["log"]["entries"]
        except (ValueError, KeyError, TypeError):
            return
        for entry in entries:
            try:
                yield request_to_flow(entry)
            except (KeyError, ValueError, TypeError, AttributeError):
                continue  # mitmproxy cannot read this entry: it is no flow
        return
    with path.open("rb") as file:
        try:
            yield from (flow for flow in io.FlowReader(file).stream() if isinstance(flow, http.HTTPFlow))
        except exceptions.FlowReadException:
            return


def replay(
    settings: Settings, client: str, flows: Iterator[http.HTTPFlow]
) -> Iterator[tuple[http.HTTPFlow, Event | None]]:
    """Each flow with the event that the addon made of it; an exception inside the addon is raised, not swallowed."""
    noticed: list[Seen | Contact] = []
    judging = Judging(lambda ms: b"key", Clock())
    noticing = Noticing(settings, noticed.append)
    for flow in flows:
        noticed.clear()
        flow.client_conn = connection.Client(peername=(client, 50_000), sockname=("127.0.0.1", 8080), timestamp_start=0)
        body, answer = flow.request.raw_content or b"", flow.response
        flow.response = None
        noticing.requestheaders(flow)
        if callable(flow.request.stream):
            for start in range(0, len(body), 1000):
                flow.request.stream(body[start : start + 1000])
            flow.request.stream(b"")
        flow.response = answer
        if answer is None:
            noticing.error(flow)
        else:
            noticing.responseheaders(flow)
            noticing.response(flow)
        if noticing.failures:
            raise AssertionError(f"the addon failed on {flow.request.method} {flow.request.pretty_url}")
        yield flow, judging.event(noticed[0]) if noticed else None


def main(folder: str, school: str, client: str) -> None:
    """Print the counts."""
    settings = load(Path(school), today=datetime.now(UTC).date())
    counts: dict[str, Counter[str]] = {}
    embedded = []
    files = requests = 0
    for path in sorted(p for p in Path(folder).rglob("*") if p.suffix in (".har", ".mitm")):
        files += 1
        for flow, event in replay(settings, client, flows_in(path)):
            requests += 1
            if event is None:
                continue
            word = event.activity if event.activity in ("open", "embedded", "contact") else event.evidence
            counts.setdefault(event.service, Counter())[word] += 1
            if event.activity == "embedded":
                asker = flow.request.headers.get("origin") or flow.request.headers.get("referer", "")
                embedded.append(f"{path.name[:40]:<40} {authority(flow.request):<34} from {asker[:60]}")
    print(
        f"{files} files, {requests} requests, {sum(c.total() for c in counts.values())} of them to the catalogue, "
        "none failed"
    )
    for service, by in sorted(counts.items()):
        print(f"{service:<16}", ", ".join(f"{word} {n}" for word, n in sorted(by.items())))
    print(*sorted(set(embedded)), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
