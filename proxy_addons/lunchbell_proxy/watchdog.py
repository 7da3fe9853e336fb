"""Tells systemd that the proxy is up and its loop turns (sd_notify(3)); does nothing where there is no systemd."""

import asyncio
import os
import socket


class Watchdog:
    """READY=1 once, WATCHDOG=1 at half the interval that the unit asks for."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._interval = int(os.environ.get("WATCHDOG_USEC", "0")) / 2e6
        self._task: asyncio.Task[None] | None = None

    def running(self) -> None:
        """mitmproxy's hook: the proxy is up."""
        if self._address:
            self._task = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        self._send(b"READY=1")
        while self._interval:
            self._send(b"WATCHDOG=1")
            await asyncio.sleep(self._interval)

    def _send(self, message: bytes) -> None:
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.sendto(message, address)
