"""Starts mitmproxy with our addons: mitmdump's own master, without its log of flows."""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path

from mitmproxy import options
from mitmproxy.tools.dump import DumpMaster

from lunchbell.settings import Settings
from lunchbell.settings.keys import keys_in
from lunchbell.settings.switch import is_paused
from lunchbell_proxy import http1, http2
from lunchbell_proxy.clock import Clock
from lunchbell_proxy.headers import Headers
from lunchbell_proxy.judging import Judging
from lunchbell_proxy.logs import OursOnly
from lunchbell_proxy.metrics import Metrics
from lunchbell_proxy.noticing import Noticing
from lunchbell_proxy.opening import Opening
from lunchbell_proxy.outbox import Outbox
from lunchbell_proxy.recording import Recording
from lunchbell_proxy.rehearsal import OneOrigin
from lunchbell_proxy.reload import Reload
from lunchbell_proxy.sending import Sending
from lunchbell_proxy.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What demos and tests change: the clock, and where every server is found, with the authority it is trusted by."""

    clock: Clock = field(default_factory=Clock)
    origin: tuple[str, int] | None = None
    origin_authority: Path | None = None


async def run(settings: Settings, analyser: str, token: str, rehearsal: Rehearsal, others: OursOnly) -> None:
    """Serve until told to stop; `analyser` is its address, such as http://127.0.0.1:8421."""
    http1.mend()
    http2.mend()
    proxy = settings.file.proxy
    outbox = Outbox(settings.beside(proxy.outbox))
    sending = Sending(outbox, analyser, token)
    keys = keys_in(settings.beside(settings.file.analyser.keys), settings.calendar, settings.zone)
    recording = sending.recording = Recording(
        Judging(keys, rehearsal.clock), outbox, lambda: sending.paused or is_paused(settings.path)
    )
    noticing = Noticing(settings, recording.put, lambda: recording.paused)
    opening = Opening(settings, noticing, lambda: recording.paused)
    headers = Headers(settings)
    reload = Reload(settings, [opening, noticing, headers])
    master = _master(settings, rehearsal)
    if rehearsal.origin:
        master.addons.add(OneOrigin(rehearsal.origin))
    master.addons.add(opening, noticing, headers, reload, sending, Watchdog(), others)
    if proxy.metrics:
        master.addons.add(Metrics(proxy.metrics, opening, noticing, recording, sending, reload, others))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, master.shutdown)
    await master.run()


def _master(settings: Settings, rehearsal: Rehearsal) -> DumpMaster:
    proxy = settings.file.proxy
    host, _, port = proxy.listen.rpartition(":")
    opts = options.Options(
        listen_host=host,
        listen_port=int(port),
        mode=[f"upstream:{proxy.upstream}" if proxy.upstream else proxy.mode],
        confdir=str(settings.beside(proxy.certificates)),
    )
    master = DumpMaster(opts, loop=asyncio.get_running_loop(), with_termlog=False, with_dumper=False)
    opts.update(onboarding=False, http3=False)
    if proxy.sign_in:
        file = proxy.sign_in.removeprefix("@")
        opts.update(proxyauth=proxy.sign_in if file == proxy.sign_in else f"@{settings.beside(file)}")
    trusted = rehearsal.origin_authority
    if trusted is None and proxy.authorities:
        trusted = settings.beside(proxy.authorities)
    if trusted is not None:
        opts.update(ssl_verify_upstream_trusted_ca=str(trusted))
    return master
