"""Where the files that ship with Lunchbell lie: in a checkout, else where the wheel put them."""

import sysconfig
from pathlib import Path


def config_dir() -> Path:
    """The folder with `services/`, `software/`, `policies/` and `school.example.toml`."""
    checkout = Path(__file__).resolve().parents[3] / "config"
    if (checkout / "services").is_dir():
        return checkout
    return Path(sysconfig.get_path("data")) / "share" / "lunchbell" / "config"


def example_file() -> Path:
    """The packaged example school."""
    return config_dir() / "school.example.toml"
