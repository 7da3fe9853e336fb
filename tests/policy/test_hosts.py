"""Host names: one form for each host, and whole labels only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policy.schools import service

from lunchbell.policy.hosts import host_of
from lunchbell.policy.services import Catalogue
from lunchbell.policy.words import Kind


@given(st.text(max_size=60) | st.text("ax.:/@[]%#?\\-ü。 \t", max_size=40))
def test_any_text_is_answered(text: str) -> None:
    """No text raises, and no host ends in a dot."""
    assert not host_of(text).endswith(".")


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@given(
    HOST,
    st.sampled_from(["", "u@", "u:p@ss@"]),
    st.sampled_from(["", ":443"]),
    st.sampled_from(["", "/a/b?u=http://x.y/#z"]),
)
def test_what_stands_around_a_host_is_taken_off(host: str, user: str, port: str, rest: str) -> None:
    """Scheme, userinfo, port, path, query and case make no difference, and the plain form stays as it is."""
    for scheme in ("", "https://", "//"):
        assert host_of(f" {scheme}{user}{host.upper()}.{port}{rest}\n") == host
    assert host_of(host) == host


NAMES = st.lists(st.sampled_from(["x", "com", "net", "flix", "a"]), min_size=1, max_size=4).map(".".join)


@given(st.dictionaries(NAMES, st.sampled_from(["one", "two", "no"]), max_size=6), NAMES)
def test_the_longest_suffix_of_whole_labels_wins(domains: dict[str, str], host: str) -> None:
    """Against every suffix of the host, longest first; a `not_domains` entry says that it is no social media."""
    listed = {name: [d for d, owner in domains.items() if owner == name] for name in ("one", "two", "no")}
    services = [
        service("one", domains=tuple(listed["one"]), not_domains=tuple(listed["no"])),
        service("two", domains=tuple(listed["two"])),
    ]
    labels = host.split(".")
    suffixes = [".".join(labels[n:]) for n in range(len(labels))]
    expected = next((domains[suffix] for suffix in suffixes if suffix in domains), "no")
    found = Catalogue(services).service_of(host)
    assert (found.id if found else "no") == expected


@pytest.mark.parametrize("host", ["", ".", "...", "com", "x..com", "-", "1.2.3.4", "::1", "x.com.example", "xcom"])
def test_odd_hosts_belong_to_nobody(host: str) -> None:
    """Empty labels, bare suffixes and addresses end the search."""
    assert Catalogue([service("x", domains=("x.com",))]).service_of(host_of(host)) is None


def test_a_local_host_is_known_with_its_software() -> None:
    """A school's own wiki is a service on that host and below it, and nowhere above."""
    wiki = service("mediawiki", Kind.ENCYCLOPAEDIA, domains=("wiki.oakfield.example",))
    catalogue = Catalogue([service("x", domains=("x.com",))], [wiki])
    assert catalogue.service_of("wiki.oakfield.example") is wiki
    assert catalogue.service_of("m.wiki.oakfield.example") is wiki
    assert catalogue.service_of("oakfield.example") is None
    assert catalogue.kinds() == {"x": Kind.MICROBLOG, "mediawiki": Kind.ENCYCLOPAEDIA}
