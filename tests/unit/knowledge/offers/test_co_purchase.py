"""Pairs that are bought together are found; pairs that only seem to be are not."""

import random
import time
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from knowledge.offers.co_purchase import KEEP, MAX_BASKET, BasketCounter, CoPurchases


def count(baskets: list[list[str]]) -> CoPurchases:
    counter = BasketCounter()
    for basket in baskets:
        counter.add(basket)
    return counter.result()


def pairs(found: CoPurchases) -> dict[tuple[str, str], int]:
    rows = zip(found.sku, found.other, found.together, strict=True)
    return {(one, other): together for one, other, together in rows if one != other}


def noise(seed: int, baskets: int, variants: int = 400) -> list[list[str]]:
    """Unrelated variants, some much more popular than others, in baskets of very different sizes."""
    dice = random.Random(seed)
    popularity = list(accumulate(1 / (rank + 1) for rank in range(variants)))
    names = [f"v{rank}" for rank in range(variants)]
    sizes = dice.choices([1, 1, 2, 3, 5, 20], k=baskets)
    return [dice.choices(names, cum_weights=popularity, k=size) for size in sizes]


def test_a_planted_pair_is_found_in_both_directions_and_ranks_first():
    dice = random.Random(1)
    baskets = noise(2, 3000)
    for basket in dice.sample(baskets, 60):
        basket += ["planted-a", "planted-b"]
    found = pairs(count(baskets))
    assert found["planted-a", "planted-b"] == found["planted-b", "planted-a"] == 60
    assert {other for one, other in found if one == "planted-a"} == {"planted-b"}


def test_noise_has_no_companions():
    assert pairs(count(noise(3, 5000))) == {}


def test_long_baskets_alone_make_nobody_a_companion():
    dice = random.Random(4)
    names = [f"v{number}" for number in range(200)]
    baskets = [dice.sample(names, 60) for _ in range(50)] + [[dice.choice(names)] for _ in range(5000)]
    assert pairs(count(baskets)) == {}


def test_a_resellers_basket_counts_for_nothing_and_the_largest_ordinary_one_counts():
    large = [f"v{number}" for number in range(MAX_BASKET)]
    assert count([large]).baskets == 1
    assert count([[*large, "one more"]]).baskets == 0


def test_a_variant_keeps_only_its_strongest_companions():
    baskets = [["hub", f"spoke-{number}"] for number in range(KEEP + 5) for _ in range(20 + number)]
    baskets += [[f"filler-{number % 97}"] for number in range(5000)]
    found = pairs(count(baskets))
    companions = {other for one, other in found if one == "hub"}
    assert companions == {f"spoke-{number}" for number in range(5, KEEP + 5)}


def test_units_of_one_variant_are_one_variant():
    found = count([["a", "a", "b"]])
    assert dict(zip(found.sku, found.together, strict=True)) == {"a": 1, "b": 1}


def test_no_baskets_make_no_companions():
    assert count([]) == CoPurchases([], [], [], [], 0)


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=5), max_size=60), st.randoms())
def test_the_order_of_baskets_does_not_matter(baskets: list[list[str]], dice: random.Random):
    shuffled = list(baskets)
    dice.shuffle(shuffled)
    assert pairs(count(baskets)) == pairs(count(shuffled))


def test_a_third_of_a_million_lines_are_counted_within_ten_seconds():
    baskets = noise(5, 50_000, variants=3500)
    assert sum(map(len, baskets)) > 250_000
    start = time.process_time()
    count(baskets)
    assert time.process_time() - start < 10
