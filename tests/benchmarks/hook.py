"""What our addon adds to a request inside mitmproxy: its hooks, against hooks that do nothing.

The event goes to a queue as in the proxy; the writer's thread is left out, it works beside the proxy.
"""

from collections import deque
from functools import partial

from mitmproxy import connection, http
from mitmproxy.test import tflow
from tests.benchmarks.timing import interleaved, show

from lunchbell.settings import Settings
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Contact, Noticing
from lunchbell_proxy.observation import Seen

COUNT = 3_000
BROWSER = (
    (
        b"user-agent",
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    ),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    (b"accept-language", b"en-GB,en;q=0.9"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"cookie", b"c_user=1; xs=2; fr=3; datr=4"),
    (b"sec-ch-ua", b'"Chromium";v="156"'),
    (b"sec-ch-ua-mobile", b"?0"),
    (b"sec-ch-ua-platform", b'"Linux"'),
    (b"sec-fetch-dest", b"empty"),
    (b"sec-fetch-mode", b"cors"),
    (b"sec-fetch-site", b"same-origin"),
    (b"referer", b"https://www.facebook.com/"),
)


class Bare:
    """Hooks that only let bodies stream: what any proxy that must not fill its memory does."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        flow.request.stream = True

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        assert flow.response
        flow.response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        pass


def flows(settings: Settings, host: str, method: str, path: str, body_type: bytes = b"") -> list[http.HTTPFlow]:
    """Answered requests of a staffroom device."""
    client = connection.Client(peername=("10.40.1.17", 50_000), sockname=("10.40.0.2", 8080), timestamp_start=0)
    made = []
    for _ in range(COUNT):
        flow = tflow.tflow(client_conn=client, resp=True)
        assert flow.response
        flow.request = http.Request.make(method, f"https://{host}{path}")
        flow.request.headers.fields = (*flow.request.headers.fields, *BROWSER, (b"content-type", body_type))
        flow.response.headers["content-type"] = "application/json"
        made.append(flow)
    return made


def run(settings: Settings) -> None:
    """Print the figures."""
    queue: deque[Seen | Contact] = deque(maxlen=COUNT)
    noticing = Noticing(settings, queue.append)
    judging = Judging(lambda ms: b"key", Clock())
    cases = {
        "not catalogued": flows(settings, "www.bbc.co.uk", "GET", "/news"),
        "catalogued, a picture": flows(settings, "static.xx.fbcdn.net", "GET", "/rsrc.php/v4/yO/r/a.js"),
        "catalogued, a POST that only views": flows(settings, "www.youtube.com", "POST", "/youtubei/v1/player"),
        "catalogued, a publishing POST (tap not fed)": flows(
            settings, "www.facebook.com", "POST", "/api/graphql/", b"application/x-www-form-urlencoded"
        ),
    }
    for title, made in cases.items():

        def through(addon: Noticing | Bare, made: list[http.HTTPFlow] = made) -> int:
            for flow in made:
                answer, flow.response = flow.response, None
                addon.requestheaders(flow)
                flow.response = answer
                addon.responseheaders(flow)
                addon.response(flow)
            return len(made)

        timings = interleaved(
            {
                "hooks that do nothing": partial(through, Bare()),
                "the same again": partial(through, Bare()),
                "our hooks": partial(through, noticing),
            }
        )
        kept = list(queue)

        def judged(kept: list[Seen | Contact] = kept) -> int:
            for seen in kept:
                judging.event(seen)
            return len(kept) or 1

        later = interleaved({"judged": judged}, rounds=5)["judged"].median if kept else 0.0
        queue.clear()
        show(f"The hook, {title} (goal: 5 us or less more)", timings, "hooks that do nothing", "the same again")
        print(
            f"  {'our hooks add':<44} {timings['our hooks'].median - timings['hooks that do nothing'].median:9.3f} us"
        )
        print(f"  {'and later, in the recording thread':<44} {later:9.3f} us")
