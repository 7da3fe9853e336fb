"""Runs every benchmark and prints the figures: `./run bench`."""

from datetime import UTC, datetime

from tests.benchmarks import classify, hook, ingest, judge

from lunchbell.settings import load
from lunchbell.settings.places import example_file

settings = load(example_file(), today=datetime.now(UTC).date())
classify.run(settings)
judge.run(settings)
hook.run(settings)
ingest.run(settings)
