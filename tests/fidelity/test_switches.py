"""What an IT admin can turn while people work: pause, settings, an analyser that is away, trial, upstream, devices."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.fidelity.certificates import Authority
from tests.fidelity.clients import Way
from tests.fidelity.house import LAPTOP, OPENED, PHONES, STAFFROOM, House, until
from tests.fidelity.origin import Origin, Request
from tests.fidelity.raw import RawClient
from tests.fidelity.upstream import Filter

NAMING = ("-H", "X-Forwarded-For: 10.9.8.7", "-H", "Via: 1.1 library", "-H", "Forwarded: for=10.9.8.7")


def naming(request: Request) -> list[str]:
    """The headers of a request that say who is behind a proxy."""
    return sorted(
        name.lower() for name, _ in request.headers if name.lower() in ("x-forwarded-for", "via", "forwarded")
    )


def page(way: Way, path: str = "/", client: str = STAFFROOM, *options: str) -> None:
    """Open a page of a catalogued service."""
    assert way.curl(OPENED, path, "-H", "sec-fetch-dest: document", *options, client=client).status == 200


def test_pause_and_resume(through: Way, house: House) -> None:
    """Nothing is opened or recorded meanwhile, not even on a connection opened before; the store has the gap."""
    with closing(RawClient(through, OPENED)) as early:
        assert early.issuer == "mitmproxy"
        assert early.get("/").startswith(b"GET")
        house.settled()
        before, gaps = house.counted(), house.ask("SELECT count(*) FROM gaps WHERE reason = 'paused'")[0][0]
        house.run("pause")
        until(lambda: house.metric("paused") == 1, "the proxy is paused")
        with closing(RawClient(through, OPENED)) as late:
            assert late.issuer == "The origin's authority"
            assert late.get("/").startswith(b"GET")
        assert early.get("/").startswith(b"GET")
        page(through, client=PHONES)
        house.recorded_all()
        house.run("resume")
        until(lambda: house.metric("paused") == 0, "the proxy goes on")
        house.settled()
        assert house.counted() == before
        assert house.ask("SELECT count(*) FROM gaps WHERE reason = 'paused'") == [(int(str(gaps)) + 1,)]
        with closing(RawClient(through, OPENED)) as again:
            assert again.issuer == "mitmproxy"
            assert again.get("/").startswith(b"GET")
        house.settled()
        assert house.counted() == before + 1


def test_a_request_of_the_pause_is_not_recorded_after_it(through: Way, house: House) -> None:
    """One that began while monitoring was paused, on a connection opened before, and ends when it goes on."""
    with closing(RawClient(through, OPENED)) as client:
        client.get("/")
        house.settled()
        before = house.counted()
        house.run("pause")
        until(lambda: house.metric("paused") == 1, "the proxy is paused")
        client.send(f"GET /events HTTP/1.1\r\nhost: {OPENED}\r\n\r\n".encode())
        assert b" 200 " in client.head()
        house.run("resume")
        until(lambda: house.metric("paused") == 0, "the proxy goes on")
        for _ in range(5):
            client.file.read(int(client.file.readline(), 16) + 2)
            through.origin.seen_by_client.set()
        assert client.file.readline() == b"0\r\n"
        house.settled()
        assert house.counted() == before


def test_new_settings(through: Way, house: House) -> None:
    """A broken file changes nothing and is told of; a good one changes verdicts, and drops no connection."""

    def outcomes() -> dict[object, int]:
        house.settled()
        rows = house.ask("SELECT outcome, sum(requests) FROM usage WHERE activity = 'open' GROUP BY outcome")
        return {outcome: int(str(count)) for outcome, count in rows}

    def opens_a_page(client: RawClient) -> str:
        before = outcomes()
        client.get("/")
        after = outcomes()
        (outcome,) = [o for o in after if after[o] != before.get(o, 0)]
        return str(outcome)

    refused, reloaded = house.metric("settings_refused"), house.metric("settings_reloaded")
    with closing(RawClient(through, OPENED)) as client:
        assert opens_a_page(client) == "not_permitted"
        house.config.write_text(house.text.replace("waterville-2022", "no-such-policy"))
        house.hang_up()
        until(lambda: house.metric("settings_refused") == refused + 1, "the broken file was refused")
        assert "the settings were not changed" in house.log()[-1]["message"]
        assert opens_a_page(client) == "not_permitted"
        house.config.write_text("this = is not [TOML")
        house.hang_up()
        until(lambda: house.metric("settings_refused") == refused + 2, "the file that is no TOML was refused")
        assert opens_a_page(client) == "not_permitted"
        house.config.write_text(house.text.replace("waterville-2022", "model-preamble"))
        house.hang_up()
        until(lambda: house.metric("settings_reloaded") == reloaded + 1, "the good file was taken")
        assert opens_a_page(client) == "permitted"
        house.config.write_text(house.text)
        house.hang_up()
        until(lambda: house.metric("settings_reloaded") == reloaded + 2, "the first file was taken again")
        assert opens_a_page(client) == "not_permitted"


def test_the_analyser_is_down(through: Way, house: House) -> None:
    """Pages load, the outbox keeps what was noticed, and all of it arrives later, once."""
    house.settled()
    before = house.counted("activity = 'open'")
    house.processes.stop("analyser")
    for _ in range(5):
        page(through)
    until(lambda: house.metric("outbox_waiting") >= 5, "the outbox keeps what was noticed")
    assert house.healthy()
    house.start_analyser()
    house.settled()
    assert house.counted("activity = 'open'") == before + 5


def test_a_named_device_has_a_subject(through: Way, house: House) -> None:
    """Always the same one; a device without a name and a user has none."""
    house.settled()
    house_only = "SELECT DISTINCT subject FROM usage WHERE subject <> ''"
    page(through, client=LAPTOP)
    house.settled()
    (subject,) = house.ask(house_only)
    page(through, client=LAPTOP)
    page(through, client=STAFFROOM)
    house.settled()
    assert house.ask(house_only) == [subject]
    assert "laptop" not in str(subject)


def test_the_last_hop_names_nobody(through: Way, house: House) -> None:
    """X-Forwarded-For, Via and Forwarded are taken away where the request is opened, and left where it is not ours."""
    page(through, "/last-hop", STAFFROOM, *NAMING)
    assert naming(through.origin.to("/last-hop")[-1]) == []
    assert through.curl("www.news.example", "/not-ours", *NAMING).status == 200
    assert naming(through.origin.to("/not-ours")[-1]) == ["forwarded", "via", "x-forwarded-for"]


def test_health_and_figures_name_nobody(house: House) -> None:
    """The log and /metrics have no host, address, path or name."""
    text = (house.folder / "proxy.log").read_text()
    for word in (OPENED, "facebook", "x.com", "127.40.", "laptop", "/last-hop"):
        assert word not in text, text


@pytest.fixture(scope="module")
def school_filter(origin: Origin) -> Iterator[Filter]:
    """Behind us."""
    school_filter = Filter(origin.port)
    yield school_filter
    school_filter.close()


@pytest.fixture(scope="module")
def other_house(
    school_filter: Filter, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """On trial, with a filter behind it."""
    folder = tmp_path_factory.mktemp("fidelity") / "other"
    lines = f'trial = true\nupstream = "http://127.0.0.1:{school_filter.port}"'
    house = House(folder, 0, authority.file, lines, direct=True)
    yield house
    house.close()


def test_trial_and_upstream(origin: Origin, authority: Authority, other_house: House, school_filter: Filter) -> None:
    """A trial counts by group and knows no subject; a filter behind us still gets the headers, and every tunnel."""
    way = Way(origin, authority.file, other_house)
    page(way, "/upstream", LAPTOP, *NAMING)
    assert naming(origin.to("/upstream")[-1]) == ["forwarded", "via", "x-forwarded-for"]
    assert way.curl("www.news.example", "/").status == 200
    assert {"www.facebook.com:443", "www.news.example:443"} <= set(school_filter.tunnels)
    other_house.settled()
    assert other_house.ask('SELECT "group", subject, activity FROM usage') == [("staffroom", "", "open")]
