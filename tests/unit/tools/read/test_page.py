"""Pages: a cursor is promised only where it would be followed."""

import pytest

from policies.errors import Refused
from tools.read.page import next_page, page_start

DEEPEST = 1_000


@pytest.mark.parametrize("start", [1, 50, DEEPEST])
def test_a_page_leads_to_where_the_next_begins(start: int):
    assert page_start(next_page(start)) == start


def test_no_page_is_promised_that_would_be_refused():
    assert not next_page(DEEPEST + 1)


def test_the_first_page_needs_no_cursor():
    assert page_start("") == 0


def test_a_made_up_cursor_is_refused():
    with pytest.raises(Refused):
        page_start("yesterday")
