"""The roll-up of a log equals each line judged on its own and counted."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bulk.making import Request, counted, key_of, log_of, school, usage_in, written

from lunchbell.bulk import importer
from lunchbell.bulk.importer import import_log
from lunchbell.store.schema import open_store

CLIENTS = (
    "10.40.1.17", "fd40:1::17", "::ffff:10.40.1.17", "10.40.2.9", "10.40.3.12", "10.40.9.80", "10.40.17.3",
    "192.0.2.77",
)  # fmt: skip
USERS = ("", "", "j.okafor", "OAKFIELD\\J.Okafor", "comms", "zoë hart")
TARGETS = (
    ("CONNECT", "www.facebook.com", ""),
    ("CONNECT", "www.instagram.com", ""),
    ("CONNECT", "www.bbc.co.uk", ""),
    ("CONNECT", "netflix.com", ""),
    ("GET", "www.facebook.com", "/"),
    ("GET", "en.wikipedia.org", "/wiki/Owl?oldid=3"),
    ("GET", "wiki.oakfield.example", "/index.php"),
    ("POST", "www.facebook.com", "/ajax/updatestatus.php"),
    ("POST", "en.wikipedia.org", "/w/api.php?action=edit"),
    ("POST", "x.com", "/1.1/statuses/update.json"),
    ("GET", "www.youtube.com", "/watch?v=1"),
)
# the autumn half-term, the clock change of 25 October 2026, a school day's bells, the end of term
SPAN = (1_792_800_000_000, 1_797_800_000_000)


def _request(
    at: int, client: str, user: str, target: tuple[str, str, str], status: int, size: int, kind: str
) -> Request:
    method, host, path = target
    return Request(at, client, method, host, path, status, size, user, kind)


requests = st.builds(
    _request,
    st.one_of(
        st.integers(*SPAN), st.integers(1_794_821_400_000, 1_794_850_000_000).map(lambda at: at // 60_000 * 60_000)
    ),
    st.sampled_from(CLIENTS),
    st.sampled_from(USERS),
    st.sampled_from(TARGETS),
    st.sampled_from([200, 204, 302, 304, 403, 407, 503]),
    st.integers(0, 10**9),
    st.sampled_from(["", "text/html", "application/json"]),
)


def compare(log: list[Request], folder: Path) -> None:
    """The store's roll-up and the roll-up's own counts against plain counting."""
    expected = counted(log)
    db = open_store(":memory:")
    found = import_log(written(folder, "access.log", log_of(log)), school(), key=key_of, db=db)
    assert usage_in(db) == {key: (n, expected.sizes[key]) for key, n in expected.requests.items()}
    assert found.evidence == expected.evidence
    assert found.outcomes == expected.outcomes
    assert found.services.total() == expected.requests.total()
    assert found.unplaced == expected.unplaced
    assert found.social == expected.requests.total() + expected.unplaced
    assert (found.read, found.rejected) == (len(log), [])


@settings(max_examples=25)
@given(st.lists(requests, max_size=60))
def test_any_log_comes_to_what_its_lines_come_to(log: list[Request]) -> None:
    """Every column of every row, with sizes, and all totals."""
    with TemporaryDirectory() as folder:
        compare(log, Path(folder))


def test_a_long_log_comes_to_the_same_however_often_it_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The roll-up goes to the store in pieces, in one transaction."""
    chance = random.Random(401)
    log = [
        _request(
            chance.randint(*SPAN), chance.choice(CLIENTS), chance.choice(USERS), chance.choice(TARGETS), 200,
            chance.randint(0, 10**6), chance.choice(["", "text/html"]),
        )
        for _ in range(4_000)
    ]  # fmt: skip
    compare(log, tmp_path)
    monkeypatch.setattr(importer, "FLUSH", 7)
    compare(log, tmp_path)


def test_the_counts_are_not_all_of_one_sort() -> None:
    """The oracle would notice: the targets reach every outcome and every evidence."""
    chance = random.Random(6)
    log = [
        _request(chance.randint(*SPAN), client, user, target, 200, 1, "text/html")
        for client in CLIENTS
        for user in set(USERS)
        for target in TARGETS
        for _ in range(4)
    ]
    found = counted(log)
    assert set(found.outcomes) == {"permitted", "approved", "not_permitted", "not_covered"}
    assert set(found.evidence) == {"published", "opened", "contact"}
    assert len({key[3] for key in found.requests}) > 3
