"""Starts mitmproxy with our addons: mitmdump's own master, without its log of flows."""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path

from mitmproxy import options
from mitmproxy.tools.dump import DumpMaster

from lunchbell.settings import Settings
from lunchbell.settings.keys import keys_in
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.noticing import Noticing
from lunchbell_proxy.opening import Opening
from lunchbell_proxy.outbox import Outbox
from lunchbell_proxy.recording import Recording
from lunchbell_proxy.rehearsal import OneOrigin
from lunchbell_proxy.sending import Sending


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What demos and tests change: the clock, and where every server is found, with the authority it is trusted by."""

    clock: Clock = field(default_factory=Clock)
    origin: tuple[str, int] | None = None
    origin_authority: Path | None = None
    users: Path | None = None


async def run(settings: Settings, analyser: str, token: str, rehearsal: Rehearsal) -> None:
    """Serve until told to stop; `analyser` is its address, such as http://127.0.0.1:8421."""
    proxy = settings.file.proxy
    host, _, port = proxy.listen.rpartition(":")
    keys = keys_in(settings.beside(settings.file.analyser.keys), settings.calendar, settings.zone)
    recording = Recording(Judging(settings, keys, rehearsal.clock), Outbox(settings.beside(proxy.outbox)))
    noticing = Noticing(settings, recording.put)
    opts = options.Options(
        listen_host=host,
        listen_port=int(port),
        mode=[f"upstream:{proxy.upstream}" if proxy.upstream else proxy.mode],
        confdir=str(settings.beside(proxy.certificates)),
    )
    master = DumpMaster(opts, loop=asyncio.get_running_loop(), with_termlog=False, with_dumper=False)
    opts.update(onboarding=False, http3=False)
    if rehearsal.users:
        opts.update(proxyauth=f"@{rehearsal.users}")
    if rehearsal.origin_authority:
        opts.update(ssl_verify_upstream_trusted_ca=str(rehearsal.origin_authority))
    if rehearsal.origin:
        master.addons.add(OneOrigin(rehearsal.origin))
    master.addons.add(Opening(settings, noticing), noticing, Sending(recording, analyser, token))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, master.shutdown)
    await master.run()
