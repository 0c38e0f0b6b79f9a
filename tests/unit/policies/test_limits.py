"""The most particular number counts, and a number nobody reads is an error, not a silence."""

from pathlib import Path

import pytest

from policies.errors import Misconfigured
from policies.limits import DEFAULT_FILE, Limits
from policies.vocabulary.ids import LocationId

PRODUCT = DEFAULT_FILE.read_text(encoding="utf-8")
CHAIN = PRODUCT.splitlines().index("[chain.discount]") + 1
END = len(PRODUCT.splitlines())
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
    assert (chain.discount.price_age_s, chain.discount.stock_age_s, chain.transfer.stock_age_s) == (5, 900, 900)
    assert (chain.discount.percent_bp, chain.discount.margin_floor_bp, chain.approval.expires_s) == (3_000, 1_000, 900)


def test_any_other_text_is_other_limits():
    assert Limits(PRODUCT).digest == Limits(PRODUCT).digest
    assert Limits(PRODUCT).digest != Limits(PRODUCT + "# a word\n").digest


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[chain", "limits.syntax", 1),
        ("", "limits.missing", 1),
        (PRODUCT.replace("valid_s", "# valid_s"), "limits.missing", CHAIN),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = 3000.0"), "limits.number", CHAIN + 1),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = -1"), "limits.number", CHAIN + 1),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = 10001"), "limits.number", CHAIN + 1),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = true"), "limits.number", CHAIN + 1),
        (PRODUCT.replace("percent_bp = 3000", 'percent_bp = "3000"'), "limits.number", CHAIN + 1),
        (PRODUCT.replace("percent_bp = 3000", "percent_bp = [3000"), "limits.syntax", CHAIN + 2),
        (PRODUCT + "[location.S1.discount]\npercent = 5\n", "limits.unknown", END + 2),
        (PRODUCT + "[location.S1.discounts]\npercent_bp = 5\n", "limits.unknown", END + 1),
        (PRODUCT + "[location.S1]\ndiscount = 5\n", "limits.unknown", END + 2),
        (PRODUCT + "[location]\nS1 = 5\n", "limits.unknown", END + 2),
        (PRODUCT + "[store.S1.discount]\npercent_bp = 5\n", "limits.unknown", END + 1),
        (PRODUCT + "[chain]\nloosens = true\n", "limits.unknown", END + 2),
        (PRODUCT + "[region.NJ]\nloosens = 1\n", "limits.unknown", END + 2),
        (PRODUCT + "[region.NJ.discount]\npercent_bp = -5\n", "limits.number", END + 2),
        (PRODUCT + "[region.NJ.packs]\nus_ny = 2\n", "limits.number", END + 2),
        (PRODUCT + "[region.NJ.packs]\nus_nj = 1\n", "limits.unknown", END + 2),
    ],
)
def test_a_misspelt_or_missing_number_is_refused_at_start_with_its_file_and_line(text: str, code: str, line: int):
    with pytest.raises(Misconfigured, match=rf"^my\.toml, line {line}: ") as refusal:
        Limits(text, "my.toml")
    assert refusal.value.code == code


STRICTER = [
    ("discount.percent_bp", 3000, 2999),
    ("discount.margin_floor_bp", 1000, 1001),
    ("transfer.origin_keep", 2, 3),
]


@pytest.mark.parametrize("level", ["region.NJ", "location.S1"])
@pytest.mark.parametrize(("name", "chain", "stricter"), STRICTER)
def test_a_region_or_location_is_looser_than_the_chain_only_where_it_says_so(
    level: str, name: str, chain: int, stricter: int
):
    table, key = name.split(".")
    looser = 2 * chain - stricter

    def at(value: int, said: str = "") -> int:
        limits = Limits(f"{PRODUCT}\n[{level}]\n{said}\n[{level}.{table}]\n{key} = {value}\n")
        return getattr(getattr(limits.place("NJ", LocationId("S1")), table), key)

    assert (at(chain), at(stricter), at(looser, "loosens = true")) == (chain, stricter, looser)
    for said in ("", "loosens = false"):
        with pytest.raises(Misconfigured, match=r"line \d+: .* is looser than the chain's") as refusal:
            at(looser, said)
        assert refusal.value.code == "limits.loosens"


def test_a_location_that_does_not_say_so_is_never_looser_than_its_region():
    text = PRODUCT + "[region.NJ.discount]\npercent_bp = 1000\n[location.S1.discount]\npercent_bp = 2000\n"
    assert Limits(text).place("NJ", LocationId("S1")).discount.percent_bp == 1000
    assert Limits(text).place("PA", LocationId("S1")).discount.percent_bp == 2000
    said = Limits(text + "[location.S1]\nloosens = true\n")
    assert said.place("NJ", LocationId("S1")).discount.percent_bp == 2000


@pytest.mark.parametrize(("spent", "refused"), [(0, False), (499_999, True), (500_000, False), (500_001, False)])
def test_more_high_value_customers_than_the_chain_has_are_a_loosening(spent: int, refused: bool):
    chain = PRODUCT.replace("spent_from = 0", "spent_from = 500000")
    text = f"{chain}\n[region.NJ.high_value]\nspent_from = {spent}\n"
    if refused:
        with pytest.raises(Misconfigured):
            Limits(text)
    else:
        assert Limits(text).place("NJ", "").high_value.spent_from == spent


def test_nobody_is_a_high_value_customer_until_somebody_says_from_when_on():
    assert Limits.read().place("NY", "").high_value.spent_from == 0
    with pytest.raises(Misconfigured):
        Limits(PRODUCT + "[region.NJ.high_value]\nspent_from = 500000\n")


def test_a_jurisdiction_is_in_force_where_it_is_switched_on():
    limits = Limits(PRODUCT + "[location.UPSTATE]\nloosens = true\npacks.us_ny = 0\n")
    assert limits.place("NY", "S1").packs == ("us_ny",)
    assert (limits.place("NJ", "S1").packs, limits.place("NY", "UPSTATE").packs) == ((), ())


def test_limits_become_others_at_once_and_pinned_ones_do_not():
    limits, other = Limits(PRODUCT), Limits(PRODUCT.replace("percent_bp = 3000", "percent_bp = 1500"))
    pinned = limits.pinned()
    place = limits.place
    limits.become(other)
    assert (place("", "").discount.percent_bp, limits.digest, limits.text) == (1500, other.digest, other.text)
    assert (pinned.place("", "").discount.percent_bp, pinned.digest) == (3000, Limits(PRODUCT).digest)


def test_a_chain_without_regions_and_locations_has_one_set_of_numbers():
    bare = PRODUCT[: PRODUCT.index("[region.NY.packs]")]
    assert Limits(bare).place("NY", LocationId("S1")) == Limits(bare).place("", LocationId(""))


@pytest.mark.parametrize(
    ("chain", "spent", "refused"), [(0, 1, True), (1, 1, False), (1, 2, False), (1, 500_000, False), (2, 1, True)]
)
def test_a_threshold_of_a_single_cent_is_one_too(chain: int, spent: int, refused: bool):
    text = (
        PRODUCT.replace("spent_from = 0", f"spent_from = {chain}") + f"[region.NJ.high_value]\nspent_from = {spent}\n"
    )
    if refused:
        with pytest.raises(Misconfigured):
            Limits(text)
    else:
        assert Limits(text).place("NJ", "").high_value.spent_from == spent


def test_what_nobody_reads_is_refused_after_a_table_that_loosens_too():
    with pytest.raises(Misconfigured, match="nothing reads"):
        Limits(PRODUCT + "[location.S1]\nloosens = true\n[location.S1.discuont]\npercent_bp = 1\n")


def test_a_file_is_named_in_its_errors(tmp_path: Path):
    file = tmp_path / "careful.toml"
    file.write_text(PRODUCT.replace("percent_bp", "percent_pb", 1), encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"careful\.toml, line"):
        Limits.read(file)
