"""Who is one person: the product's linker on FEBRL 1 to 3 and on fake_1000, beside what equal fields alone join.

The strong key (a social security number) is in no comparison. Weights for one FEBRL file are learned from pairs that
the strong key joins in the other two; no threshold is chosen on anything: the bar follows from the number of records
(`knowledge.identity.linker.bar`). Pairs count when they are joined directly or through others.

FEBRL has no families: in one duplicate of ten it writes another person's given name or birth into a record, and nothing
tells such a pair from a spouse, a twin or a parent. So the goal is held by the weights alone; `_linked_` is what the
product links by itself, where those pairs wait for a person or are taken for a household. `households` are families
made of FEBRL's people: whoever is linked there is merged wrongly.
"""

import asyncio
from typing import Final

from evals.identity.households import families, homes
from evals.identity.labeled import FEBRL, Labeled, pairs, read_fake, read_febrl
from evals.identity.linked import Quality, cascade, judged, m_of, told, weights_for
from evals.row import Row
from knowledge.identity.record import Field
from knowledge.identity.weights import Weights, learn_u, shipped

PRECISION: Final = 0.999
RECALL: Final = 0.99
_NAME_AND_BIRTH: Final[tuple[tuple[Field, ...], ...]] = (("given", "surname", "birth"),)
_CASCADE: Final[tuple[tuple[Field, ...], ...]] = (
    ("given", "surname", "birth"),
    ("surname", "postcode", "birth"),
    ("given", "surname", "street", "number"),
)
_FAKE_CASCADE: Final[tuple[tuple[Field, ...], ...]] = (("given", "surname", "birth"), ("email",))


async def measure() -> list[Row]:
    """Each file by weights of the others."""
    return await asyncio.to_thread(_measure)


def _measure() -> list[Row]:
    files = {name: read_febrl(name) for name in FEBRL}
    rows: list[Row] = []
    found = linked = waiting = by_name = by_cascade = Quality(0, 0, 0)
    for name, labeled in files.items():
        weights = weights_for(labeled, [other for other_name, other in files.items() if other_name != name])
        said = told(labeled, weights)
        every, asked, alone = (judged(each, labeled) for each in (said.weighed, said.asked, said.linked))
        simple = judged(cascade(labeled.records, _NAME_AND_BIRTH), labeled)
        several = judged(cascade(labeled.records, _CASCADE), labeled)
        found, linked, waiting = found + every, linked + alone, waiting + asked
        by_name, by_cascade = by_name + simple, by_cascade + several
        short = name.replace("_dataset", "")
        rows += _goals(short, every, several)
    rows += _goals("febrl", found, by_cascade)
    rows += [
        _held("febrl_linked_precision", linked.precision, PRECISION, by_name.precision),
        _beside("febrl_linked_recall", linked.recall, by_name.recall),
        _beside("febrl_linked_or_asked_recall", waiting.recall, by_name.recall),
        _beside("febrl_strong_key_recall", _strong(files), None),
    ]
    return [*rows, *_households(files[FEBRL[1]], [files[FEBRL[0]], files[FEBRL[2]]]), *_fake(read_fake())]


def _goals(name: str, ours: Quality, theirs: Quality) -> list[Row]:
    return [
        _held(f"{name}_precision", ours.precision, PRECISION, theirs.precision),
        _held(f"{name}_recall", ours.recall, RECALL, theirs.recall),
    ]


def _strong(files: dict[str, Labeled]) -> float:
    """What the withheld key would have joined."""
    both = [judged(pairs(each.hard), each) for each in files.values()]
    return sum((each for each in both), Quality(0, 0, 0)).recall


def _households(labeled: Labeled, learned_on: list[Labeled]) -> list[Row]:
    made = families(labeled)
    said = told(made, Weights(m_of(learned_on), learn_u(labeled.records)))
    related = pairs(homes(made))
    return [
        Row("households", float(len(related)), "", "", None, None),
        Row("households_merged", float(len(said.linked)), "", "0", float(len(said.weighed)), not said.linked),
        Row("households_put_before_a_person", float(len(said.asked - said.linked)), "", "", None, None),
    ]


def _fake(labeled: Labeled) -> list[Row]:
    """By the shipped weights, which were learned elsewhere but for e-mail addresses, which FEBRL has none of."""
    weights = Weights(shipped().m, learn_u(labeled.records, shipped().u))
    said = told(labeled, weights)
    every, alone = judged(said.weighed, labeled), judged(said.linked, labeled)
    theirs = judged(cascade(labeled.records, _FAKE_CASCADE), labeled)
    return [
        _held("fake_1000_linked_precision", alone.precision, PRECISION, theirs.precision),
        _beside("fake_1000_linked_recall", alone.recall, theirs.recall),
        _beside("fake_1000_precision", every.precision, theirs.precision),
        _beside("fake_1000_recall", every.recall, theirs.recall),
    ]


def _held(name: str, value: float, goal: float, baseline: float) -> Row:
    return Row(f"identity_{name}", round(value, 5), "", f">= {goal}", round(baseline, 4), value >= goal)


def _beside(name: str, value: float, baseline: float | None) -> Row:
    return Row(f"identity_{name}", round(value, 4), "", "", None if baseline is None else round(baseline, 4), None)
