"""The one switch that stops monitoring: a file beside the school's file. While it is there, nothing is recorded.

The proxy and the analyser look for it themselves; proxies elsewhere hear of it from the analyser within a second.
"""

from pathlib import Path


def switch_file(config: Path) -> Path:
    """The switch of a school's file."""
    return config.with_name(config.name + ".paused")


def is_paused(config: Path) -> bool:
    """Whether monitoring is paused."""
    return switch_file(config).exists()
