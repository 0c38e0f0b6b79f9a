"""Each promise has its tests, by name."""

import re
from pathlib import Path

import pytest

from tests.promises import PROMISES

HERE = Path(__file__).parent
TESTS = {
    name
    for file in HERE.rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_names_tests_that_exist(promise: str):
    assert PROMISES[promise]
    assert set(PROMISES[promise]) <= TESTS
