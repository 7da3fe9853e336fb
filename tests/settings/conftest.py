"""A small school's files in a folder of their own, for tests that damage them."""

from pathlib import Path

import pytest
from tests.settings.files import Files


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """The files, whole; what ships with Lunchbell is replaced by a small catalogue and one policy."""
    made = Files(tmp_path)
    monkeypatch.setattr("lunchbell.settings.config_dir", lambda: made.root / "config")
    return made
