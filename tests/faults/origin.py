"""The demo's origin, but `?size=N` answers with N bytes, so that each request can be found again by its size."""

import asyncio
import sys
from pathlib import Path

from mitmproxy import http

from lunchbell_proxy import origin


class Sized:
    """Answers with a page of the size that was asked for."""

    def request(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: answer at once."""
        size = int(flow.request.query.get("size", "10"))
        flow.response = http.Response.make(200, b"x" * size, {"content-type": "text/html"})


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    origin.Answers = Sized  # type: ignore[assignment,misc]
    asyncio.run(origin.serve((host, int(port)), Path(sys.argv[2])))
