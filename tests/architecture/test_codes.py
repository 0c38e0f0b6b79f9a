"""The list of error codes is closed: what the product can raise is what the page lists."""

import re

import pytest

from tests.codes import FILE, all_codes, page

LISTED = set(re.findall(r"^\| `([^`]+)` \|", FILE.read_text(encoding="utf-8"), re.MULTILINE))
HOW = "run `python -m tests.codes`, and read what changed: programs act on these"


def codes() -> set[str]:
    return {told.code for told in all_codes()}


def test_every_code_raised_is_on_the_page():
    assert codes() - LISTED == set(), HOW


def test_no_code_on_the_page_is_never_raised():
    assert LISTED - codes() == set(), HOW


def test_the_page_says_what_the_source_says():
    assert FILE.read_text(encoding="utf-8") == page(), HOW


@pytest.mark.parametrize(
    "code",
    [
        "arguments.invalid",
        "access.outside_locations",
        "approval.expired",
        "plan.stale",
        "idempotency.key_reused",
        "rate.limited",
        "rate.concurrent",
        "tool.unknown",
        "tool.timeout",
        "answer.too_large",
        "guard.read_only",
        "internal.failed",
        "database.unavailable",
        "offers.percent_cap",
        "access.model_never_decides",
    ],
)
def test_the_reading_of_the_source_finds_every_kind_of_code(code: str):
    assert code in codes()
