"""A quicker Hypothesis for `make mutants`, where each test runs a thousand times over."""

from hypothesis import settings

settings.register_profile("mutants", max_examples=10, deadline=None, database=None, derandomize=True)
