"""How hard property tests search: `quick` in every run, `thorough` on request.

Choose with `--hypothesis-profile thorough`, or with LUNCHBELL_HYPOTHESIS=thorough in the environment.
"""

import os

from hypothesis import HealthCheck, settings

_SHARED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}

settings.register_profile("quick", max_examples=50, derandomize=True, database=None, **_SHARED)
settings.register_profile("thorough", max_examples=2000, **_SHARED)
settings.load_profile(os.environ.get("LUNCHBELL_HYPOTHESIS", "quick"))
