"""A sample log in Squid's native format, as a filter of the school would have written it the day before."""

import random
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path

HOSTS = (
    "www.bbc.co.uk",
    "www.gov.uk",
    "classroom.google.com",
    "www.tes.com",
    "www.twinkl.co.uk",
    "update.microsoft.com",
)
SOCIAL = ("www.facebook.com", "x.com", "web.whatsapp.com", "www.instagram.com", "www.youtube.com")


def write_sample_log(path: Path, day: date, zone: tzinfo, lines: int = 2_000) -> None:
    """Write `lines` requests of one day, 7 in 100 of them social media, always the same; one line is damaged."""
    chance = random.Random(401)  # noqa: S311 - a sample, not a secret
    start = datetime.combine(day, time(7, 45), zone)
    seconds = sorted(chance.uniform(0, 9.5 * 3600) for _ in range(lines))
    written = []
    for number, after in enumerate(seconds):
        at = (start + timedelta(seconds=after)).timestamp()
        client = f"127.40.{chance.choice((1, 2, 8, 16))}.{chance.randint(50, 90)}"
        host = chance.choice(SOCIAL if number % 100 < 7 else HOSTS)
        written.append(
            f"{at:.3f} {chance.randint(20, 60_000):6} {client} TCP_TUNNEL/200 {chance.randint(800, 90_000)} "
            f"CONNECT {host}:443 - HIER_DIRECT/192.0.2.{chance.randint(1, 250)} -"
        )
    written[lines // 2] = written[lines // 2][:30]
    path.write_text("\n".join(written) + "\n")
