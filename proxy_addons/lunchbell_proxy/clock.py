"""The instant of a request. Rehearsals and demos may pretend another day, faster; nothing else sets the clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`real` (seconds since 1970) is when the pretended clock showed `pretended`; it runs `speed` times as fast."""

    real: float = 0.0
    pretended: float = 0.0
    speed: float = 1.0

    def ms(self, real: float) -> int:
        """Milliseconds UTC to judge by, for a real time in seconds since 1970."""
        return round((self.pretended + (real - self.real) * self.speed) * 1000)
