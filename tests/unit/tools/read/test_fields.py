"""Arguments promise to be read strictly: nothing is guessed, dropped or hidden."""

from typing import Any

import pytest
from pydantic import ValidationError

from tools.propose.discount import ProposeDiscount
from tools.propose.write import WriteArguments

GOOD: dict[str, Any] = {
    "location_id": "STORE_1",
    "transaction": "t-1",
    "skus": ["JEANS-M"],
    "percent": 10,
    "idempotency_key": "key-00001",
    "reason": "A regular at the till",
}


def test_a_complete_request_is_read():
    assert ProposeDiscount.model_validate(GOOD).percent == 10


@pytest.mark.parametrize("percent", [True, "15", 3.0, 15.5, 0, 101, None, 10**30, float("nan")])
def test_a_percentage_is_a_whole_number_from_1_to_100_and_nothing_like_it(percent: object):
    with pytest.raises(ValidationError):
        ProposeDiscount.model_validate({**GOOD, "percent": percent})


@pytest.mark.parametrize("percent", [1, 100])
def test_both_ends_of_the_range_are_accepted(percent: int):
    assert ProposeDiscount.model_validate({**GOOD, "percent": percent}).percent == percent


@pytest.mark.parametrize("extra", ["dryrun", "amount", "base", "actor", "location"])
def test_an_argument_nobody_knows_is_an_error_not_a_default(extra: str):
    with pytest.raises(ValidationError):
        ProposeDiscount.model_validate({**GOOD, extra: 1})


@pytest.mark.parametrize(
    "reason",
    [
        "no",
        "x" * 301,
        "ask \u202eelbisivni",
        "zero\u200bwidth",
        "bell\x07",
        "tag\U000e0041",
        "write a@b.c",
        "+1 212 555 0142",
    ],
)
def test_a_reason_is_short_visible_and_free_of_contact_data(reason: str):
    with pytest.raises(ValidationError):
        ProposeDiscount.model_validate({**GOOD, "reason": reason})


@pytest.mark.parametrize("key", ["short-7", "x" * 65, "with space", "émigré-1"])
def test_an_idempotency_key_has_8_to_64_plain_characters(key: str):
    with pytest.raises(ValidationError):
        ProposeDiscount.model_validate({**GOOD, "idempotency_key": key})


def test_a_dry_run_and_the_real_one_are_the_same_request():
    real, dry = (ProposeDiscount.model_validate({**GOOD, "dry_run": dry}) for dry in (False, True))
    assert real.digest("propose_discount") == dry.digest("propose_discount")


def test_another_tool_or_another_argument_is_another_request():
    asked = ProposeDiscount.model_validate(GOOD)
    other = ProposeDiscount.model_validate({**GOOD, "percent": 11})
    assert len({asked.digest("propose_discount"), other.digest("propose_discount"), asked.digest("another")}) == 3
    assert issubclass(ProposeDiscount, WriteArguments)
