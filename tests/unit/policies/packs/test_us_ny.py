"""New York, General Business Law section 349-a: who must say what, where, and who need not."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from policies.engine import Engine
from policies.errors import Misconfigured
from policies.ladder import Rung, Standing
from policies.limits import Limits
from policies.packs.pack import PACKS, RULES, carried, disclosed, read_packs
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.right_facts import DISCOUNT

# as the act prints it
SENTENCE = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"
ENGINE = Engine.read(Limits.read())
ALGORITHMS = [(Role.OFFERS_SPECIALIST, False), (Role.REGISTER, False), (Role.MANAGER, True), (Role.ASSOCIATE, True)]
PEOPLE = [(Role.MANAGER, False), (Role.ASSOCIATE, False)]


def allowed(role: Role, model: bool, region: str, *, personalized: bool = True, said: str = "10% off.") -> bool:
    packs = ENGINE.limits.place(region, "S1").packs
    facts = replace(DISCOUNT, personalized=personalized, jurisdictions=packs, disclosures=carried(said, packs))
    who = Actor("somebody", role, None, Door.MCP, model)
    standing = Standing(Rung.AUTO)
    situation = ENGINE.situation(who, "discount", LocationId("S1"), region, facts, standing=standing)
    verdict = ENGINE.decide(situation)
    assert (verdict.outcome == "allow") or [reason.rule for reason in verdict.reasons] == ["us_ny.price_disclosure"]
    return verdict.outcome == "allow"


@pytest.mark.parametrize(("role", "model"), ALGORITHMS)
def test_an_algorithms_price_for_a_known_customer_in_new_york_says_what_it_is(role: Role, model: bool):
    assert not allowed(role, model, "NY")
    assert allowed(role, model, "NY", said=f"10% off. {SENTENCE}.")


@pytest.mark.parametrize(("role", "model"), ALGORITHMS)
def test_elsewhere_or_for_a_stranger_it_need_not(role: Role, model: bool):
    assert allowed(role, model, "NJ")
    assert allowed(role, model, "NY", personalized=False)


@pytest.mark.parametrize((("role"), "model"), PEOPLE)
def test_a_person_who_decides_a_discount_is_no_algorithm(role: Role, model: bool):
    assert allowed(role, model, "NY")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (SENTENCE, True),
        (f"{SENTENCE}.", True),
        (f"10% off! {SENTENCE}.", True),
        (f"10% off!\n  {SENTENCE.replace(' ', '  ')} . Enjoy.", True),
        (SENTENCE.lower(), False),  # the act gives its words in capitals
        (SENTENCE.title(), False),
        (SENTENCE.replace("PERSONAL ", ""), False),
        (f"{SENTENCE} BASE", True),
        (f"{SENTENCE}BASE", False),
        (f"NOT{SENTENCE}", False),
        ("", False),
    ],
)
def test_only_the_acts_own_words_count(message: str, said: bool):
    assert (carried(message, ("us_ny",)) == ("us_ny",)) is said
    assert carried(message, ()) == ()


@pytest.mark.parametrize("message", ["10% off with this code.", "", f"10% off. {SENTENCE}."])
def test_a_disclosed_message_carries_the_words_once(message: str):
    told = disclosed(message, ("us_ny",))
    assert told.startswith(message)
    assert (told.count(SENTENCE), carried(told, ("us_ny",))) == (1, ("us_ny",))
    assert disclosed(told, ("us_ny",)) == told
    assert disclosed(message, ()) == message


def test_the_pack_says_which_law_it_stands_on():
    assert PACKS["us_ny"].price_disclosure == SENTENCE
    assert "349-a" in PACKS["us_ny"].law


WHOLE = 'jurisdiction = "X"\nlaw = "Y"\nprice_disclosure = ""\n'


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ("jurisdiction = ", "packs.syntax"),
        (WHOLE.replace('law = "Y"\n', ""), "packs.shape"),
        (WHOLE.replace('"Y"', "5"), "packs.shape"),
        (WHOLE + 'more = "Z"\n', "packs.shape"),
        (WHOLE, "packs.shape"),  # it has no rules
    ],
)
def test_a_pack_that_is_not_whole_is_refused(tmp_path: Path, about: str, code: str):
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "pack.toml").write_text(about, encoding="utf-8")
    with pytest.raises(Misconfigured) as refusal:
        read_packs(tmp_path)
    assert refusal.value.code == code
    (tmp_path / "xx" / RULES).write_text("// Owner: Marketing.\n", encoding="utf-8")
    (tmp_path / "xx" / "pack.toml").write_text(WHOLE, encoding="utf-8")
    assert read_packs(tmp_path)["xx"].price_disclosure == ""


def test_every_pack_is_a_switch_in_the_limits():
    for name, on in product(PACKS, (0, 1)):
        limits = Limits(f"{Limits.read().text}\n[region.XX.packs]\n{name} = {on}\n")
        assert (name in limits.place("XX", "").packs) is bool(on)


@pytest.mark.parametrize("end", [".", "!", ""])
def test_the_sentence_may_end_as_sentences_do(end: str):
    packs = ENGINE.limits.place("NY", "S1").packs
    assert carried(f"10% off. {SENTENCE}{end}", packs) == packs
    assert carried(f"10% off. {SENTENCE}{end} See you.", packs) == packs
    assert carried(f"10% off. {SENTENCE}S", packs) == ()
