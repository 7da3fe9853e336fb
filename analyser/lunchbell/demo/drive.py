"""Sends the planned requests through the real proxy over TLS, each from its device's own address."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from lunchbell.demo.day import Planned
from lunchbell.policy.hosts import host_of
from lunchbell.policy.verdicts import Group
from lunchbell.policy.words import NEVER_COVERED, Equipment
from lunchbell.settings import Settings


@dataclass(frozen=True, slots=True)
class Authorities:
    """Certificate authorities: the proxy's, which opens, and the servers' own, seen where nothing is opened."""

    proxy: Path
    origin: Path


@dataclass(slots=True)
class Driven:
    """How the day went: requests that came back whole, and what went wrong with the others."""

    opened: int = 0
    unopened: int = 0
    failed: list[str] | None = None


async def drive(
    planned: list[Planned], settings: Settings, proxy: str, authorities: Authorities, passwords: dict[str, str],
    real_time_of: Callable[[Planned], float], progress: Callable[[Planned], None],
) -> Driven:  # fmt: skip
    """Send each request when its time has come, trusting the proxy's authority only where it opens."""
    driven = Driven(failed=[])
    contexts = {path: await _trusting(path) for path in (authorities.proxy, authorities.origin)}
    tasks = []

    async def send(one: Planned) -> None:
        opens = _opens(settings, settings.groups[one.group], one.step["url"])
        context = contexts[authorities.proxy if opens else authorities.origin]
        try:
            await _send(one, proxy, passwords[one.user], context)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            assert driven.failed is not None
            driven.failed.append(f"{one.step['url']} by {one.group}: {type(error).__name__}: {error}")
        else:
            driven.opened += opens
            driven.unopened += not opens

    for one in planned:
        await asyncio.sleep(max(0.0, real_time_of(one) - time.time()))
        progress(one)
        tasks.append(asyncio.create_task(send(one)))
    await asyncio.gather(*tasks)
    return driven


async def _trusting(authority: Path) -> ssl.SSLContext:
    """mitmproxy may listen before its authority's file is whole."""
    for _ in range(100):
        try:
            return ssl.create_default_context(cafile=str(authority))
        except OSError:
            await asyncio.sleep(0.1)
    raise FileNotFoundError(f"{authority}: the authority's certificate was not written")


def _opens(settings: Settings, group: Group, url: str) -> bool:
    return (
        settings.catalogue.service_of(host_of(url)) is not None
        and group.equipment is Equipment.SCHOOL
        and group.audience not in NEVER_COVERED
    )


async def _send(one: Planned, proxy: str, password: str, context: ssl.SSLContext) -> None:
    step = one.step
    headers = {"Sec-Fetch-Dest": step["dest"], "Sec-Fetch-Site": step["site"]}
    if "referer" in step:
        headers["Referer"] = step["referer"]
    connector = aiohttp.TCPConnector(local_addr=(one.client, 0), ssl=context)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(30)) as session,
        session.request(
            step.get("method", "GET"),
            step["url"],
            data=step.get("form"),
            json=step.get("json"),
            headers=headers,
            proxy=proxy,
            proxy_auth=aiohttp.BasicAuth(one.user, password),
        ) as answer,
    ):
        answer.raise_for_status()
        if answer.headers.get("x-demo-origin") != "yes":
            raise aiohttp.ClientError("the answer is not the demo origin's")
        await answer.read()
