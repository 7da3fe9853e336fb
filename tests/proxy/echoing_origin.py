"""The demo's origin, which also says what it was sent: the body's hash and length, and the version of HTTP.

python -m tests.proxy.echoing_origin HOST:PORT FOLDER
"""

import asyncio
import sys
from hashlib import sha256
from pathlib import Path

from mitmproxy import http

from lunchbell_proxy import origin


class Echoes(origin.Answers):
    """Answers as the demo's origin does, with three headers more."""

    def request(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: the whole request is there."""
        super().request(flow)
        assert flow.response
        body = flow.request.raw_content or b""
        flow.response.headers["x-seen-hash"] = sha256(body).hexdigest()
        flow.response.headers["x-seen-length"] = str(len(body))
        flow.response.headers["x-seen-version"] = flow.request.http_version


if __name__ == "__main__":
    origin.Answers = Echoes  # type: ignore[misc]
    host, _, port = sys.argv[1].rpartition(":")
    asyncio.run(origin.serve((host, int(port)), Path(sys.argv[2])))
