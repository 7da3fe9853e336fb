"""Host -> service, cold (each host seen once), against tldextract, which only finds the registrable domain."""

import random

from tests.benchmarks.timing import interleaved, show
from tldextract import TLDExtract

from lunchbell.policy.hosts import host_of
from lunchbell.settings import Settings


def hosts(settings: Settings, count: int = 20_000) -> list[str]:
    """Made-up hosts, 7 in 100 of them below a catalogued domain."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 12))) for _ in range(4_000)]
    domains = sorted(settings.catalogue.domains)
    made = []
    for number in range(count):
        below = f"{chance.choice(words)}.{chance.choice(words)}" if number % 3 else "www"
        suffix = (
            chance.choice(domains)
            if number % 100 < 7
            else f"{chance.choice(words)}.{chance.choice(('co.uk', 'com', 'org', 'sch.uk'))}"
        )
        made.append(f"{below}.{suffix}")
    return made


def run(settings: Settings) -> None:
    """Print the figures."""
    names = hosts(settings)
    extract = TLDExtract(suffix_list_urls=(), cache_dir=None)
    extract("www.example.org")
    service_of = settings.catalogue.service_of

    def ours() -> int:
        for name in names:
            service_of(host_of(name))
        return len(names)

    def theirs() -> int:
        for name in names:
            extract(name)
        return len(names)

    timings = interleaved({"classify": ours, "classify again": ours, "tldextract": theirs})
    show(
        "Classify a host, cold (goal: tldextract takes at least 3 times as long)", timings, "classify", "classify again"
    )
