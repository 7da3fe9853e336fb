"""A stand-in for the internet: answers for every host over TLS and HTTP/2, under an authority of its own.

Used by `lunchbell demo` and the tests; the proxy in front of it is the real one.
"""

import asyncio
import signal
import sys
from pathlib import Path

from mitmproxy import http, options
from mitmproxy.tools.dump import DumpMaster


class Answers:
    """Gives a small page, or a small JSON document to what asks for one."""

    def request(self, flow: http.HTTPFlow) -> None:
        """mitmproxy's hook: answer at once."""
        dest = flow.request.headers.get("sec-fetch-dest", "document")
        if dest in ("document", "iframe"):
            body, kind = (
                b"<!doctype html><title>Origin</title><p>A page of the demo's origin.",
                "text/html; charset=utf-8",
            )
        else:
            body, kind = b'{"ok":true}', "application/json"
        flow.response = http.Response.make(200, body, {"content-type": kind, "x-demo-origin": "yes"})


async def serve(listen: tuple[str, int], folder: Path) -> None:
    """Answer on `listen`; the authority's certificate is `mitmproxy-ca-cert.pem` in `folder`."""
    opts = options.Options(
        listen_host=listen[0],
        listen_port=listen[1],
        mode=["reverse:https://origin.invalid"],
        confdir=str(folder),
    )
    master = DumpMaster(opts, loop=asyncio.get_running_loop(), with_termlog=False, with_dumper=False)
    opts.update(connection_strategy="lazy")
    master.addons.add(Answers())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, master.shutdown)
    await master.run()


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    asyncio.run(serve((host, int(port)), Path(sys.argv[2])))
