"""Linked are people with two independent proofs; households are never merged, only asked about."""

from pathlib import Path

import pytest

from knowledge.identity.linker import Finding, bar, find
from knowledge.identity.record import Record, record_of
from knowledge.identity.weights import Weights, read, shipped
from policies.errors import Misconfigured
from tests.unit.knowledge.identity.people import strangers

HOME = "12 Harvest Lane, Riverton, XX, 54321, US"


def pair(one: Record, other: Record) -> Finding | None:
    found = find([*strangers(), one, other], shipped())
    return next((each for each in found if {each.one, each.other} == {one.ref, other.ref}), None)


def person(ref: str, name: str, **told: str) -> Record:
    return record_of(
        ref,
        names=[name],
        addresses=[told["home"]] if "home" in told else [],
        births=[told["born"]] if "born" in told else [],
        emails=[told["email"]] if "email" in told else [],
        phones=[told["phone"]] if "phone" in told else [],
    )


def test_a_guest_with_a_slip_in_the_name_is_linked_by_name_and_address():
    found = pair(
        person("c_1", "Marigold Featherstone", home=HOME, email="marigold@example.com"),
        person("c_2", "Marigold Featherston", home="12 Harvest Ln, Riverton, XX, 54321, US"),
    )
    assert found is not None
    assert found.verdict == "link"
    assert {"given", "surname", "street", "postcode"} <= {*found.agreed}


def test_strangers_are_not_linked():
    assert find(strangers(), shipped()) == []


def test_namesakes_in_two_towns_are_two_people():
    one = person("c_1", "Marigold Featherstone", home=HOME)
    other = person("c_2", "Marigold Featherstone", home="88 Quarry Road, Stonewell, XX, 99887, US")
    assert pair(one, other) is None


def test_an_address_alone_is_a_neighbor():
    assert pair(person("c_1", "Ada Quill", home=HOME), person("c_2", "Boris Wrenfield", home=HOME)) is None


@pytest.mark.parametrize(
    ("name", "born"),
    [
        ("Rosalind Featherstone", "19700203"),
        ("Rosalind Featherstone", "19480511"),
        ("Marigold Featherstone", "19480511"),
    ],
    ids=["twin", "spouse", "parent of the same name"],
)
def test_a_household_is_never_merged(name: str, born: str):
    found = pair(
        person("c_1", "Marigold Featherstone", home=HOME, born="19700203"), person("c_2", name, home=HOME, born=born)
    )
    assert found is None or found.verdict != "link"


def test_a_likely_given_name_at_the_same_door_needs_more_than_the_household():
    found = pair(person("c_1", "Maria Featherstone", home=HOME), person("c_2", "Marie Featherstone", home=HOME))
    assert found is None or found.verdict != "link"
    found = pair(
        person("c_1", "Maria Featherstone", home=HOME, born="19700203"),
        person("c_2", "Marie Featherstone", home=HOME, born="19700203"),
    )
    assert found is not None
    assert found.verdict == "link"


def test_a_shared_identifier_makes_it_a_hard_link_and_alone_makes_none():
    told = {"email": "featherstone@example.com"}
    found = pair(person("c_1", "Marigold Featherstone", **told), person("c_2", "Marigold Featherstone", **told))
    assert found is not None
    assert (found.hard, found.verdict) == (True, "link")
    assert pair(person("c_1", "Marigold Featherstone", **told), person("c_2", "Boris Wrenfield", **told)) is None


def test_only_pairs_of_changed_customers_are_looked_at():
    one, other = person("c_1", "Marigold Featherstone", home=HOME), person("c_2", "Marigold Featherstone", home=HOME)
    records = [*strangers(), one, other]
    assert find(records, shipped(), changed={"stranger-001"}) == []
    assert len(find(records, shipped(), changed={"c_2"})) == 1


def test_the_bar_rises_with_the_number_of_people():
    assert bar(1_000_000) > bar(1_000) > bar(0) > 10


def test_weights_have_a_version_that_changes_with_them():
    base = shipped()
    changed = Weights({**base.m, "given": (0.1, 0.1, 0.1, 0.7)}, base.u)
    assert base.version != changed.version
    assert base.version == Weights(base.m, base.u).version


def test_weights_that_cannot_be_read_are_the_operators_to_mend(tmp_path: Path):
    file = tmp_path / "linking.toml"
    for written in ("", "[m]\n[u]\n", "not toml ="):
        file.write_text(written)
        with pytest.raises(Misconfigured) as refused:
            read(file)
        assert refused.value.code == "identity.weights"
