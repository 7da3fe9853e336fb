"""The origin, a house with its proxy, and both ways to the origin; made once for all of these tests."""

from collections.abc import Iterator
from os import environ
from shutil import which

import pytest
from tests.fidelity.certificates import Authority
from tests.fidelity.clients import Way
from tests.fidelity.house import House
from tests.fidelity.origin import Origin


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whom the servers' certificates are from."""
    return Authority(tmp_path_factory.mktemp("fidelity") / "authority")


@pytest.fixture(scope="session")
def origin(authority: Authority) -> Iterator[Origin]:
    """Answers for every host."""
    if not which("curl"):
        (pytest.fail if environ.get("CI") else pytest.skip)("curl is not installed")
    origin = Origin(authority)
    yield origin
    origin.close()


@pytest.fixture(scope="session")
def house(origin: Origin, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The usual one."""
    house = House(tmp_path_factory.mktemp("fidelity") / "house", origin.port, authority.file)
    yield house
    house.close()


@pytest.fixture
def straight(origin: Origin, authority: Authority) -> Way:
    """Without us."""
    return Way(origin, authority.file)


@pytest.fixture
def through(origin: Origin, authority: Authority, house: House) -> Way:
    """Through the proxy."""
    return Way(origin, authority.file, house)
