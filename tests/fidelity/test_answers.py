"""Each case of `cases.py` with curl: what the person gets, and what the site gets, as without us."""

import pytest
from tests.fidelity.cases import CASES, HTTP1, Case, Outcome
from tests.fidelity.clients import Way
from tests.fidelity.house import OPENED, PASSED

EACH = [pytest.param(case, version, id=f"{case.name}{version}") for case in CASES for version in case.versions]


@pytest.mark.parametrize(("case", "version"), EACH)
def test_an_opened_host(case: Case, version: str, straight: Way, through: Way) -> None:
    """The same status, headers and body, byte for byte, and the same request at the origin; or an error both times."""
    there, here = Outcome.of(straight, case, version, OPENED), Outcome.of(through, case, version, OPENED)
    if case.error:
        assert there.failed()
        assert here.failed()
        return
    found = here.differences(there)
    if case.drops:
        assert here.answer.exit == 0
        assert (here.answer.size, here.answer.digest) == (there.answer.size, there.answer.digest)
        assert all(f.startswith("heads: ") or "expect" in f for f in found), found
    else:
        assert found == []


@pytest.mark.parametrize(("case", "version"), [p for p in EACH if p.values[1] == HTTP1])
def test_a_host_that_is_not_opened(case: Case, version: str, straight: Way, through: Way) -> None:
    """Nothing differs, not even how an error shows."""
    there, here = Outcome.of(straight, case, version, PASSED), Outcome.of(through, case, version, PASSED)
    assert here.differences(there) == []


def test_no_case_was_a_mistake_of_ours(through: Way) -> None:
    """After all of the above."""
    assert through.house
    assert through.house.metric("mistakes") == 0
    assert through.house.healthy()
