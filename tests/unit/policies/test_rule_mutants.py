"""No rule can be weakened, dropped or confused without a case of the table noticing, but for what is explained here."""

from collections.abc import Iterator
from typing import Final

import pytest

import policies.engine
from policies.engine import Engine
from policies.errors import TillhandError
from tests.unit.policies.access_cases import ACCESSES
from tests.unit.policies.cases import CASES, KIND_OF, Case
from tests.unit.policies.cedar_mutants import Mutant, mutants
from tests.unit.policies.right_facts import LIMITS

PRODUCT = Engine.read(LIMITS)

# What survives because it changes nothing that can happen, and why not; also told in policies/README.md.
_TWO_BOLTS: Final = "Only people's roles are permitted this at all; the rule is a second bolt on the same door."
EQUIVALENT: Final = dict.fromkeys(
    (
        "access.model_never_decides: principal.person taken for true",
        "access.model_never_starts_undo: principal.person taken for true",
        "inventory.settling_asks: principal.person taken for true",
        "ladder.only_people: principal.person taken for true",
        "review.only_people: principal.person taken for true",
    ),
    _TWO_BOLTS,
)


def noticed(mutant: Mutant) -> bool:
    """Whether any case of the table comes out otherwise under the mutant."""
    try:
        engine = Engine({**PRODUCT.texts, mutant.file: mutant.text}, PRODUCT.schema, PRODUCT.limits, PRODUCT.rollout)
    except (TillhandError, ValueError):
        return True  # it would not have started
    about = mutant.actions
    cases = [case for case in CASES if not about or kind_of(case) in about]
    likeliest = sorted(cases, key=lambda case: mutant.rule not in case.rules)
    return any(case.answer(engine) != case.expected for case in likeliest) or any(
        access.answer(engine) != access.expected for access in ACCESSES if not about or access.tool in about
    )


def kind_of(case: Case) -> str:
    return case.kind or KIND_OF[type(case.facts)]


FILES = sorted(PRODUCT.texts)


def every() -> Iterator[Mutant]:
    for file in FILES:
        yield from mutants(file, PRODUCT.texts[file])


def unchecked(name: str, text: str, schema: str) -> None:
    """Believe that it fits."""


@pytest.mark.parametrize("file", FILES)
def test_every_mutant_of_every_rule_is_noticed_or_explained(monkeypatch: pytest.MonkeyPatch, file: str):
    # a mutant that does not fit the schema fails when it is evaluated, which the table notices as well
    monkeypatch.setattr(policies.engine, "fits", unchecked)
    several = list(mutants(file, PRODUCT.texts[file]))
    survivors = {mutant.name for mutant in several if not noticed(mutant)}
    assert survivors == {mutant.name for mutant in several} & set(EQUIVALENT)


def test_the_mutator_reaches_every_rule():
    assert {mutant.rule for mutant in every()} == {name for text in PRODUCT.texts.values() for name in _ids(text)}


def test_every_explained_survivor_is_still_there_to_be_explained():
    assert set(EQUIVALENT) <= {mutant.name for mutant in every()}


def _ids(text: str) -> Iterator[str]:
    for part in text.split('@id("')[1:]:
        yield part.split('"', 1)[0]
