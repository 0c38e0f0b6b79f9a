"""A quicker Hypothesis for `make mutants`, where each test runs a thousand times over."""

import pytest
from hypothesis import settings

from policies.engine import parsed
from policies.rule_text import fits

settings.register_profile("mutants", max_examples=10, deadline=None, database=None, derandomize=True)


@pytest.fixture(scope="session", autouse=True)
def _read_anew() -> None:  # pyright: ignore[reportUnusedFunction]  # pytest's
    """Under `make mutants` a process before this one, of which it is a copy, read the rules with unchanged code."""
    fits.cache_clear()
    parsed.cache_clear()
