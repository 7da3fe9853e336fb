"""The table of cases, and a gigabyte each way: `python -m tests.fidelity [--big]`."""

import sys
import tempfile
from pathlib import Path

from tests.fidelity.big import MB, carry
from tests.fidelity.cases import CASES, Outcome
from tests.fidelity.certificates import Authority
from tests.fidelity.clients import Way
from tests.fidelity.house import OPENED, PASSED, House
from tests.fidelity.origin import Origin


def table(straight: Way, through: Way) -> None:
    """Every case, opened and passed."""
    print(f"{'case':<62} {'straight':>14}  {'opened':>14}  {'passed':>14}")
    for case in CASES:
        for version in case.versions:
            there = Outcome.of(straight, case, version, OPENED)
            here = Outcome.of(through, case, version, OPENED)
            passed = Outcome.of(through, case, version, PASSED)
            drops = f"without {case.drops}" if case.drops else ""
            print(
                f"{case.name + ' ' + version:<62} {_word(there):>14}  {_word(here, there):>14}  "
                f"{_word(passed, Outcome.of(straight, case, version, PASSED)):>14}  {drops}"
            )


def _word(outcome: Outcome, other: Outcome | None = None) -> str:
    if other and not outcome.differences(other):
        return "the same"
    return f"{outcome.answer.status} exit {outcome.answer.exit}"


def big(way: Way) -> None:
    """A gigabyte each way, by HTTP/1.1 and HTTP/2, opened; and one download passed unopened."""
    for direction, version, host in (
        ("down", "--http1.1", OPENED), ("up", "--http1.1", OPENED), ("down", "--http2", OPENED),
        ("up", "--http2", OPENED), ("down", "--http1.1", PASSED),
    ):  # fmt: skip
        c = carry(way, direction, 1024, version, host)
        print(
            f"1 GB {direction:<4} {version:<9} {'opened' if host == OPENED else 'passed':<6} {c.size / MB:6.0f} MB in "
            f"{c.seconds:5.1f} s; memory {c.before / MB:5.1f} MB before, {c.most / MB:5.1f} MB at most: "
            f"{c.growth / MB:+5.1f} MB ({c.samples} samples)"
        )


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder, "authority"))
        origin = Origin(authority)
        house = House(Path(folder, "house"), origin.port, authority.file)
        try:
            through = Way(origin, authority.file, house)
            if "--big" in sys.argv:
                big(through)
            else:
                table(Way(origin, authority.file), through)
        finally:
            house.close()
            origin.close()


if __name__ == "__main__":
    main()
