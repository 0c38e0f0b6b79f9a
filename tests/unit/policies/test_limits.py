"""The most particular number counts, and a number nobody reads is an error, not a silence."""

import pytest

from policies.errors import Misconfigured
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.ids import LocationId

PRODUCT = DEFAULT_FILE.read_text(encoding="utf-8")
LOCAL = """
[region.NY.discount]
percent_bp = 2000
[location.STORE_123.discount]
transaction_free = 2500
[location.STORE_9.discount]
percent_bp = 1000
"""


def test_the_location_counts_before_the_region_and_the_region_before_the_chain():
    limits = Limits(PRODUCT + LOCAL)

    def at(region: str, location: str) -> tuple[int, int]:
        discount = limits.place(region, LocationId(location)).discount
        return discount.percent_bp, discount.transaction_free

    assert at("NJ", "STORE_1") == (3000, 5000)
    assert at("NY", "STORE_1") == (2000, 5000)
    assert at("NY", "STORE_123") == (2000, 2500)
    assert at("NY", "STORE_9") == (1000, 5000)


def test_the_product_numbers_are_the_ones_the_readme_promises():
    chain = Limits.read().place("", LocationId(""))
    assert (chain.discount.transaction_free, chain.discount.transaction_max) == (5_000, 20_000)
    assert (chain.discount.percent_bp, chain.discount.margin_floor_bp, chain.approval.expires_s) == (3_000, 1_000, 900)


def test_any_other_text_is_other_limits():
    assert Limits(PRODUCT).digest == Limits(PRODUCT).digest
    assert Limits(PRODUCT).digest != Limits(PRODUCT + "# a word\n").digest


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[chain", "limits.syntax"),
        ("", "limits.missing"),
        (PRODUCT.replace("valid_s", "# valid_s"), "limits.missing"),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = 3000.0"), "limits.number"),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = -1"), "limits.number"),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = true"), "limits.number"),
        (PRODUCT.replace("percent_bp = 3000", 'percent_bp = "3000"'), "limits.number"),
        (PRODUCT + "[location.S1.discount]\npercent = 5\n", "limits.unknown"),
        (PRODUCT + "[location.S1.discounts]\npercent_bp = 5\n", "limits.unknown"),
        (PRODUCT + "[store.S1.discount]\npercent_bp = 5\n", "limits.unknown"),
        (PRODUCT + "[region.NY.discount]\npercent_bp = -5\n", "limits.number"),
    ],
)
def test_a_misspelt_or_missing_number_is_refused_at_start(text: str, code: str):
    with pytest.raises(Misconfigured) as refusal:
        Limits(text)
    assert refusal.value.code == code
