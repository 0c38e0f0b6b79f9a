"""The measure of recognition measures what it says: pairs, households, and the files as they are."""

import pytest

from evals.identity.households import families, homes
from evals.identity.labeled import FEBRL, FOLDER, Labeled, pairs, read_fake, read_febrl
from evals.identity.linked import Quality, cascade, judged
from knowledge.identity.record import record_of

NEEDS_DATA = pytest.mark.skipif(not FOLDER.exists(), reason="the labeled records are not beside this checkout")
HOME = "12 Harvest Lane, Riverton, XX, 54321, US"


def test_pairs_are_of_one_group_and_nobody_is_grouped_by_nothing():
    assert pairs(["a", "b", "a", "", "", "a"]) == {(0, 2), (0, 5), (2, 5)}


def test_precision_and_recall_are_counted_over_pairs():
    labeled = Labeled([], ["a", "a", "a", "b"], [])
    found = judged(frozenset({(0, 1), (0, 3)}), labeled)
    assert (found.precision, found.recall) == (0.5, pytest.approx(1 / 3))
    assert Quality(0, 0, 3).precision == 1.0
    assert found + Quality(2, 2, 2) == Quality(4, 3, 5)


def test_a_cascade_joins_equal_fields_only_where_all_are_told():
    records = [
        record_of("1", names=["Ada Byron"], births=["18151210"]),
        record_of("2", names=["Ada Byron"], births=["18151210"]),
        record_of("3", names=["Ada Byron"]),
        record_of("4", names=["Ada Byron"]),
    ]
    assert cascade(records, [("given", "surname", "birth")]) == {(0, 1)}


def test_relatives_are_other_people_at_the_same_door():
    names = (
        "Ada Byron",
        "Boris Quill",
        "Clara Wren",
        "Dora Finch",
        "Edna Marsh",
        "Felix Thorne",
        "Greta Vane",
        "Hugo Ash",
    )
    records = [
        record_of(f"{number}", names=[name], addresses=[HOME], births=[f"19{50 + number}0101"])
        for number, name in enumerate(names)
    ]
    made = families(Labeled(records, [each.ref for each in records], []))
    assert made.truth == frozenset()
    for one, other in pairs(homes(made)):
        own, relative = made.records[one], made.records[other]
        assert own.places == relative.places
        assert own.names[0]["surname"] == relative.names[0]["surname"]
        assert (own.names, own.births) != (relative.names, relative.births)


@NEEDS_DATA
@pytest.mark.parametrize(
    ("name", "people", "true"), [(FEBRL[0], 500, 500), (FEBRL[1], 4_000, 1_934), (FEBRL[2], 2_000, 6_538)]
)
def test_febrl_is_read_with_its_owners_and_its_strong_key_apart(name: str, people: int, true: int):
    labeled = read_febrl(name)
    assert len({*labeled.owners}) == people
    assert len(labeled.truth) == true
    assert pairs(labeled.hard) <= labeled.truth
    shown = {
        value for record in labeled.records[:50] for field in ("birth", "postcode") for value in record.values(field)
    }
    assert not shown & {*labeled.hard}


@NEEDS_DATA
def test_fake_1000_has_no_strong_key():
    labeled = read_fake()
    assert (len(labeled.records), len({*labeled.owners}), {*labeled.hard}) == (1_000, 251, {""})
