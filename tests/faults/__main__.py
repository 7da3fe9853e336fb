"""`python -m tests.faults`: many runs, and a table of them."""

import json
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

EVERY = 5
"""One run in so many is with the real proxy."""


def main() -> int:
    """Exit 1 if a run failed."""
    asked = _parser().parse_args()
    if asked.one:
        from tests.faults.scenario import run

        done = run(asked.seed, real=asked.real, seconds=asked.seconds, keep=asked.keep)
        print(json.dumps(done.as_dict()))
        return 0
    results: list[dict[str, Any]] = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for result in pool.map(lambda seed: one(seed, asked), range(asked.seed, asked.seed + asked.runs)):
            results.append(result)
            if asked.output:
                with asked.output.open("a") as file:
                    file.write(json.dumps(result) + "\n")
            if result["judgement"]["wrong"]:
                print(f"FAILED {_name(result)}: {result['judgement']['wrong'][:3]}", file=sys.stderr, flush=True)
    for line in table(results):
        print(line)
    return int(any(r["judgement"]["wrong"] for r in results))


def one(seed: int, asked: Namespace) -> dict[str, Any]:
    """One run, in a process of its own."""
    real = asked.real or (not asked.synthetic and seed % EVERY == 0)
    command = [sys.executable, "-m", "tests.faults", "--one", "--seed", str(seed), "--seconds", str(asked.seconds)]
    command += ["--real"] * real + ["--keep"] * asked.keep
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        found: dict[str, Any] = json.loads(done.stdout)
        return found
    wrong = [f"the run itself ended with {done.returncode}: {done.stderr[-600:]}"]
    nothing = {"sent": 0, "arrived": 0, "in_gaps": 0, "window": 0.0, "wrong": wrong}
    return {"seed": seed, "real": real, "faults": [], "judgement": nothing, "befell": {}, "committed": 0, "seconds": 0}


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each fault, and one for all."""
    yield f"{'fault':<24}{'runs':>5}{'failed':>7}{'sent':>9}{'committed':>10}{'arrived':>9}{'in gaps':>8}{'worst':>8}"
    names = sorted({name for r in results for name in r["faults"]})
    groups = [(name, [r for r in results if name in r["faults"]]) for name in names]
    groups.append(("all with the real proxy", [r for r in results if r["real"]]))
    groups.append(("all", results))
    for name, some in groups:
        judged = [r["judgement"] for r in some]
        worst = 1000 * max((j["window"] for j in judged), default=0.0)
        yield (
            f"{name:<24}{len(some):>5}{sum(bool(j['wrong']) for j in judged):>7}{sum(j['sent'] for j in judged):>9}"
            f"{sum(r['committed'] for r in some):>10}{sum(j['arrived'] for j in judged):>9}"
            f"{sum(j['in_gaps'] for j in judged):>8}{worst:>5.0f} ms"
        )
    befell: dict[str, int] = {}
    for r in results:
        for name, count in r["befell"].items():
            befell[name] = befell.get(name, 0) + count
    yield "what befell requests on the link: " + ", ".join(f"{name} {count}" for name, count in sorted(befell.items()))
    failed = [r for r in results if r["judgement"]["wrong"]]
    yield "no run failed" if not failed else "failed: " + "; ".join(_name(r) for r in failed)


def _name(result: dict[str, Any]) -> str:
    real = "real, " if result["real"] else ""
    return f"seed {result['seed']} ({real}{', '.join(result['faults'])})"


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m tests.faults", description="Random faults on real processes.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next have the next")
    parser.add_argument("--seconds", type=float, default=4.0, help="of traffic, beside what the faults take")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--real", action="store_true", help="every run with the real proxy, instead of one in five")
    parser.add_argument("--synthetic", action="store_true", help="no run with the real proxy")
    parser.add_argument("--keep", action="store_true", help="leave the folders of failed runs in place")
    parser.add_argument("--output", type=Path, help="add a line of JSON a run to this file")
    parser.add_argument("--one", action="store_true", help="one run in this process; its result as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
