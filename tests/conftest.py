"""What every test shares: how many examples the property tests draw."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "sample", max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("full" if os.environ.get("AVOCET_FULL") == "1" else "sample")
