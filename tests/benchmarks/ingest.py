"""Live ingest, acknowledged after commit with synchronous=FULL, against raw `executemany` of the same events.

Same batches of 500, same disk, same sync; interleaved, with an A/A control. Ours decodes, checks, rolls up and upserts;
the raw side is given ready tuples and only writes rows.
"""

import random
import shutil
import sqlite3
import tempfile
from functools import partial
from pathlib import Path

import msgspec
from tests.benchmarks.timing import interleaved, show

from lunchbell.live.decoding import decode
from lunchbell.settings import Settings
from lunchbell.store.feeds import Range, accept
from lunchbell.store.schema import open_store

BATCH = 500
BATCHES = 60


def lines(settings: Settings) -> list[dict[str, object]]:
    """Events of a busy minute or two: 40 people on a few services each."""
    chance = random.Random(3)
    services = list(settings.catalogue.services.values())[:12]
    people = [f"k{n:016x}" for n in range(40)]
    made: list[dict[str, object]] = []
    for seq in range(1, BATCH * BATCHES + 1):
        service = chance.choices(services, range(12, 0, -1))[0]
        posted = chance.random() < 0.01
        made.append(
            {
                "v": 1, "at": 1_795_000_000_000 + seq * 4, "seq": seq, "group": "staffroom",
                "subject": people[int(chance.triangular(0, 39, 3))], "service": service.id, "kind": service.kind,
                "activity": "post" if posted else "contact", "evidence": "published" if posted else "contact",
                "period": "lunch", "network": "school", "outcome": "permitted", "rule": "lunch",
                "clause": "401-3", "policy": "waterville@9f3c", "bytes": chance.randrange(50_000), "source": "proxy",
            }
        )  # fmt: skip
    return made


def run(settings: Settings) -> None:
    """Print the figures."""
    made = lines(settings)
    encoder = msgspec.json.Encoder()
    bodies = [b"".join(encoder.encode(e) + b"\n" for e in made[n : n + BATCH]) for n in range(0, len(made), BATCH)]
    rows = [[tuple(e.values()) for e in made[n : n + BATCH]] for n in range(0, len(made), BATCH)]
    folder = Path(tempfile.mkdtemp(prefix="lunchbell-bench-"))
    numbers = iter(range(1_000_000))

    def ours() -> int:
        db = open_store(folder / f"{next(numbers)}.db")
        first = 1
        for body in bodies:
            decoded = decode(first, body)
            accept(db, [Range("feed", "epoch", *decoded)], 0)
            first = decoded.last + 1
        db.close()
        return len(made)

    def raw(sync: str) -> int:
        db = sqlite3.connect(folder / f"{next(numbers)}.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {sync}")
        columns = ", ".join(f'"{name}"' for name in made[0])
        db.execute(f"CREATE TABLE events ({columns})")
        for batch in rows:
            db.execute("BEGIN")
            db.executemany(f"INSERT INTO events VALUES ({', '.join('?' * len(batch[0]))})", batch)
            db.execute("COMMIT")
        db.close()
        return len(made)

    try:
        timings = interleaved(
            {"raw executemany, FULL": partial(raw, "FULL"), "the same again": partial(raw, "FULL"), "ours, FULL": ours},
            9,
        )
    finally:
        shutil.rmtree(folder)
    show(
        "Ingest of one event, batches of 500 (goal: ours takes at most twice as long)",
        timings,
        "raw executemany, FULL",
        "the same again",
    )
    for name, timing in timings.items():
        print(f"  {name:<44} {1e6 / timing.median:12,.0f} a second")
    ratio = timings["raw executemany, FULL"].median / timings["ours, FULL"].median
    print(f"  {'ours against raw':<44} {ratio:12.2f} x its speed")
