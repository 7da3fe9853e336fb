"""How many requests a feed may make: a bucket that fills with time, so that one feed cannot starve the others."""

import time

PER_SECOND = 200.0
AT_ONCE = 400.0


class Pace:
    """One bucket a feed."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, feed: str) -> bool:
        """Whether this feed may make a request now."""
        now = time.monotonic()
        left, then = self._left.get(feed, (AT_ONCE, now))
        left = min(AT_ONCE, left + (now - then) * PER_SECOND)
        self._left[feed] = max(0.0, left - 1), now
        return left >= 1
