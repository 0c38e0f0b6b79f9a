"""Whoever works for somebody has what both may, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.vocabulary.actor import TOOLSETS, Actor, Door, Role, both
from policies.vocabulary.ids import LocationId

PLACES = [LocationId(f"S{number}") for number in range(4)]
LIMITED = st.none() | st.frozensets(st.sampled_from(PLACES))
NARROWED = st.none() | st.frozensets(st.sampled_from(sorted(TOOLSETS)))


def test_the_people_are_those_who_may_answer_for_what_they_do():
    assert {role for role in Role if not role.person} == {
        Role.OFFERS_SPECIALIST,
        Role.INVENTORY_SPECIALIST,
        Role.REGISTER,
        Role.LINKER,
        Role.SYNC,
    }


@given(LIMITED, LIMITED, NARROWED, NARROWED)
def test_a_delegate_reaches_only_what_both_reach_and_is_never_a_person(
    mine: frozenset[LocationId] | None,
    theirs: frozenset[LocationId] | None,
    narrow: frozenset[str] | None,
    narrower: frozenset[str] | None,
):
    person = Actor("ada", Role.MANAGER, theirs, Door.MCP, toolsets=narrower)
    alone = Actor("assistant:1", Role.MANAGER, mine, Door.MCP, toolsets=narrow)

    delegate = alone.for_person(person)

    for place in PLACES:
        assert delegate.covers(place) == (alone.covers(place) and person.covers(place))
    for name in TOOLSETS:
        allowed = all(limit is None or name in limit for limit in (narrow, narrower))
        assert (delegate.toolsets is None or name in delegate.toolsets) == allowed
    assert (delegate.id, delegate.on_behalf_of, delegate.model) == ("assistant:1", "ada", True)


def test_two_roles_have_no_role_in_common():
    person = Actor("ada", Role.MANAGER, None, Door.MCP)
    with pytest.raises(ValueError, match=r"^an actor works for a person of the same role$"):
        Actor("assistant:1", Role.OPERATOR, None, Door.MCP).for_person(person)


@given(st.frozensets(st.integers(0, 5)))
def test_no_limit_changes_nothing(some: frozenset[int]):
    names = frozenset(map(str, some))
    assert both(None, names) == both(names, None) == names
    assert both(None, None) is None


@pytest.mark.parametrize("mine", [False, True])
@pytest.mark.parametrize("theirs", [False, True])
def test_a_delegate_only_looks_where_either_of_both_may_only_look(mine: bool, theirs: bool):
    person = Actor("ada", Role.MANAGER, None, Door.MCP, read_only=theirs)
    assert Actor("assistant:1", Role.MANAGER, None, Door.MCP, read_only=mine).for_person(person).read_only is (
        mine or theirs
    )
