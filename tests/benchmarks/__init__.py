"""Benchmarks: `./run bench`. They are never part of the test suite; figures are ratios inside one run."""
