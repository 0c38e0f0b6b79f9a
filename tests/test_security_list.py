"""Each item of the security list has its tests, by name."""

import pytest

from tests.security_list import SECURITY_LIST
from tests.test_promises import TESTS


def test_the_list_has_its_35_items():
    assert [item[:2] for item in SECURITY_LIST] == [f"{number:02}" for number in range(1, 36)]


@pytest.mark.parametrize("item", SECURITY_LIST)
def test_an_item_names_tests_that_exist(item: str):
    assert SECURITY_LIST[item]
    assert set(SECURITY_LIST[item]) - TESTS == set()
