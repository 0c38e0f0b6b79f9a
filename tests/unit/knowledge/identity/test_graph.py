"""Chains are bounded, contradictions stop them, and what a person took apart never meets again."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from knowledge.identity.graph import MOST, Basis, Edge, pair_of, people


def edge(one: str, other: str, bits: float = 30.0, basis: Basis = Basis.PROBABLE) -> Edge:
    return Edge(*pair_of(one, other), basis, bits)


def test_two_links_make_three_customers_one_person():
    assert people([edge("a", "b"), edge("b", "c")]) == dict.fromkeys("abc", ("a", "b", "c"))


def test_a_chain_of_likenesses_ends_at_the_bound_the_strongest_first():
    names = [f"c{number}" for number in range(MOST + 1)]
    chain = [edge(one, other, bits=99 - at) for at, (one, other) in enumerate(itertools.pairwise(names))]
    found = people(chain)
    assert len(found[names[0]]) == MOST
    assert names[-1] not in found


def test_a_person_may_join_more_than_the_bound():
    names = [f"c{number}" for number in range(MOST)]
    chain = [edge(one, other) for one, other in itertools.pairwise(names)]
    assert len(people([*chain, edge("c0", "more", basis=Basis.PERSON)])["more"]) > MOST - 1


def test_a_contradicting_pair_is_not_joined_by_a_detour():
    found = people([edge("a", "b", 50), edge("b", "c", 40)], contradicts=lambda one, other: {one, other} == {"a", "c"})
    assert found == {"a": ("a", "b"), "b": ("a", "b")}


def test_what_a_person_took_apart_does_not_meet_by_a_detour_not_even_by_another_persons_word():
    apart = frozenset({("a", "c")})
    assert people([edge("a", "b"), edge("b", "c", basis=Basis.PERSON)], apart=apart) == {
        "b": ("b", "c"),
        "c": ("b", "c"),
    }


NAMES = st.sampled_from("abcdefgh")
EDGES = st.lists(st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1]), max_size=14)


@given(EDGES, EDGES, st.integers(2, 5))
def test_no_order_of_links_breaks_a_bound(linked: list[tuple[str, str]], kept: list[tuple[str, str]], most: int):
    apart = frozenset(pair_of(*pair) for pair in kept)
    found = people([edge(*pair) for pair in linked], apart=apart, most=most)
    assert found == people([edge(*pair) for pair in reversed(linked)], apart=apart, most=most)
    for ref, together in found.items():
        assert ref in together
        assert 2 <= len(together) <= most
        assert all(found[other] == together for other in together)
        assert not any(pair_of(ref, other) in apart for other in together if other != ref)
