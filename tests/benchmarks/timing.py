"""Interleaved timing: every candidate once a round, so that a slow moment of the machine hits all alike."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple


class Timing(NamedTuple):
    """Microseconds for one unit of work: the median over rounds, and the extremes."""

    median: float
    least: float
    most: float


def interleaved(candidates: Mapping[str, Callable[[], int]], rounds: int = 21) -> dict[str, Timing]:
    """Time each candidate `rounds` times in turn; a candidate returns how many units it did."""
    taken: dict[str, list[float]] = {name: [] for name in candidates}
    for work in candidates.values():
        work()
    gc.disable()
    for number in range(rounds):
        order = list(candidates.items())
        for name, work in order if number % 2 else reversed(order):
            began = time.perf_counter()
            units = work()
            taken[name].append((time.perf_counter() - began) / units * 1e6)
        gc.collect()
    gc.enable()
    return {name: Timing(median(t), min(t), max(t)) for name, t in taken.items()}


def show(title: str, timings: Mapping[str, Timing], baseline: str, control: str) -> None:
    """Print a table; `control` is `baseline` timed a second time, and their ratio is the noise of this run."""
    print(f"\n{title}")
    for name, t in timings.items():
        ratio = t.median / timings[baseline].median
        mark = "  (A/A control: the noise of this run)" if name == control else ""
        print(f"  {name:<44} {t.median:9.3f} us  ({t.least:.3f} to {t.most:.3f})  x{ratio:.2f}{mark}")
