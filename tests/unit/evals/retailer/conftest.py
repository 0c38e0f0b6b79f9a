"""Worlds to test in: a small one of the test's own, and one of the default size that is only read."""

from datetime import UTC, datetime

import pytest

from evals.retailer.build import build_world
from evals.retailer.world import World

START = datetime(2026, 3, 6, 13, tzinfo=UTC)  # a Friday, before any shop opens


@pytest.fixture
def world() -> World:
    return build_world(seed=11, start=START, variants=60, customers=40, history_days=0)[0]


@pytest.fixture(scope="session")
def chain() -> World:
    """The default world. Read it; do not change it."""
    return build_world(seed=7, start=START)[0]
