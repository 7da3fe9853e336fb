"""New settings without a restart: all of them, or, if anything is wrong with them, none."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from lunchbell.settings import Settings, SettingsError, load

logger = logging.getLogger(__name__)


class Uses(Protocol):
    """A part that goes by the settings."""

    def use(self, settings: Settings) -> None: ...


class Reload:
    """On SIGHUP the files are read again; every addon changes over between two requests, or none does."""

    def __init__(self, settings: Settings, parts: Sequence[Uses]) -> None:
        self.settings = settings
        self.parts = parts  # never `addons`: mitmproxy would take them for addons of ours
        self.done_count = self.refused_count = 0
        self._task: asyncio.Task[None] | None = None

    def running(self) -> None:
        """mitmproxy's hook: listen for SIGHUP."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._start)

    def _start(self) -> None:
        self._task = asyncio.create_task(self.reload())

    async def reload(self) -> None:
        """Read the files again, away from the loop."""
        try:
            settings = await asyncio.to_thread(load, self.settings.path, today=datetime.now(UTC).date())
        except SettingsError as error:
            self.refused_count += 1
            count = len(error.problems)
            logger.error("the settings were not changed: %d mistakes; `lunchbell check` names them", count)
            return
        for part in self.parts:
            part.use(settings)
        self.settings = settings
        self.done_count += 1
        logger.info("the settings are now %s", settings.fingerprint)
