"""Groups of customers: never few, never of one, and the same again while hardly anybody came or left."""

import json
import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.anonymity.figures import size_band
from knowledge.anonymity.habits import OTHER, Habits, category_word
from knowledge.anonymity.release import ANEW_EVERY, Cohort, Rules, release
from policies.vocabulary.ids import CustomerRef
from tests.unit.knowledge.anonymity.people import PLACES, RULES, People, people, person


def released(who: People, before: dict[str, Cohort] | None = None, number: int = 1) -> dict[str, Cohort]:
    return {one.name: one for one in release(who, PLACES, before or {}, number, RULES, Random(number))}


def told(groups: dict[str, Cohort]) -> list[str]:
    return sorted(one.sentence for one in groups.values())


@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 400), seed=st.integers(0, 1_000))
def test_no_group_is_smaller_than_twenty_and_nobody_is_in_two(count: int, seed: int):
    groups = released(people(count, seed)).values()

    assert all(len(one.members) > 20 for one in groups)
    members = [customer for one in groups for customer in one.members]
    assert len(members) == len(set(members))


def test_twenty_who_are_alike_are_too_few_for_a_new_group_and_thirty_one_are_enough():
    alike = person(Random(3))

    assert released({CustomerRef(f"c_{number}"): alike for number in range(20)}) == {}
    assert len(released({CustomerRef(f"c_{number}"): alike for number in range(31)})) == 1


def test_a_smaller_group_than_twenty_cannot_be_asked_for():
    with pytest.raises(ValueError, match="20 customers"):
        Rules(19, b"secret", "USD")


def test_what_did_not_change_is_released_word_for_word_again():
    who = people(600)
    first = released(who)

    assert told(released(who, first, 2)) == told(first)


def test_a_group_is_made_anew_when_a_quarter_of_twenty_came_and_not_one_fewer():
    alike = person(Random(3))
    first = released({CustomerRef(f"c_{number}"): alike for number in range(40)})
    richer = replace(alike, share=alike.share._replace(orders=12))

    def with_new(count: int) -> Cohort:
        new = {CustomerRef(f"c_new{number}"): richer for number in range(count)}
        (one,) = released({**{CustomerRef(f"c_{number}"): alike for number in range(40)}, **new}, first, 2).values()
        return one

    assert with_new(4).made == 1
    assert with_new(5).made == 2


def test_one_who_joins_alone_never_shows():
    for seed in range(12):
        who = people(400, seed)
        first = released(who)
        joined = {**who, CustomerRef("c_joined"): person(Random(seed))}

        assert told(released(joined, first, 2)) == told(first)


def test_an_erased_customer_is_not_counted_in_the_next_release_of_their_group():
    who = people(600)
    first = released(who)
    name, group = next(iter(first.items()))
    gone = min(group.members)
    before = {**first, name: replace(group, members=group.members - {gone}, stale=True)}
    left = {customer: one for customer, one in who.items() if customer != gone}

    following = released(left, before, 2)

    assert all(gone not in one.members for one in following.values())
    assert name not in following or following[name].made == 2


def test_every_quarter_all_groups_are_made_anew():
    who = people(600)
    first = released(who)

    assert {one.made for one in released(who, first, ANEW_EVERY).values()} == {1}
    assert {one.made for one in released(who, first, ANEW_EVERY + 1).values()} == {ANEW_EVERY + 1}


def test_a_sentence_holds_words_of_ours_and_round_numbers_and_nothing_exact():
    pattern = re.compile(
        r"Customers: location [\w ]+, category [a-z &/-]+, basket [\w -]+ USD, time [a-z ]+, "
        r"buys at a discount \w+, last seen [\w ]+, bought [\w -]+; about \d*0 USD and \d goods a purchase, "
        r"\d+ purchases, \d*0 % online, \d*0 % at a discount; (20-49|50-99|100-199|200-499|500 or more) customers\."
    )
    for one in released(people(2_000)).values():
        assert pattern.fullmatch(one.sentence), one.sentence
        assert not any(
            customer in json.dumps([one.sentence, one.traits, one.figures.as_json()]) for customer in one.members
        )


@pytest.mark.parametrize(
    ("count", "band"),
    [(20, "20-49"), (49, "20-49"), (50, "50-99"), (199, "100-199"), (499, "200-499"), (500, "500 or more")],
)
def test_a_size_is_a_band(count: int, band: str):
    assert size_band(count, 20) == band


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Jeans ", "jeans"),
        ("Hats & Caps", "hats & caps"),
        ("", OTHER),
        ("for ada@example.com", OTHER),
        ("Call +1 212 555 0100", OTHER),
        ("x" * 41, OTHER),
    ],
)
def test_a_category_is_a_plain_word_or_none(name: str, word: str):
    assert category_word(name) == word


def test_one_customer_moves_a_figure_of_theirs_no_further_than_their_bound():
    alike: Habits = person(Random(3))
    who = {CustomerRef(f"c_{number}"): replace(alike, share=alike.share._replace(basket=100)) for number in range(40)}
    whale = replace(alike, share=alike.share._replace(basket=300))
    (one,) = released({**who, CustomerRef("c_whale"): whale}).values()

    assert 90 <= one.figures.basket <= 120
