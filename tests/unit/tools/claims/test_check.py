"""What an answer says without evidence is named; what it says with evidence passes."""

import pytest

from tools.claims.check import unbacked
from tools.claims.evidence import Evidence

RULE = Evidence(
    (
        "Unworn goods may come back within 30 days. The refund goes to the card that was used.",
        "Returns > Without a receipt. When no order is found, a manager decides.",
        "Opened cosmetics do not come back.",
    ),
    figures=("12 units", "$79.99"),
    others=("Alpine Tent",),
)


@pytest.mark.parametrize(
    "answer",
    [
        "Unworn goods may come back within thirty days.",
        "You can bring unworn goods back within 30 days.",
        "A manager decides when no order is found.",
        "Opened cosmetics do not come back.",
        "There are 12 units.",
        "It costs $79.99.",
        "",
    ],
)
def test_an_answer_with_evidence_passes(answer: str):
    wording = answer.startswith(("There", "It costs"))
    assert unbacked(answer, RULE, wording=wording) == ()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("Unworn goods may come back within 31 days.", "quantity"),
        ("Unworn goods may come back within 30 weeks.", "quantity"),
        ("Unworn goods may come back within forty days.", "quantity"),
        ("Unworn goods may not come back within 30 days.", "negation"),
        ("Opened cosmetics come back.", "negation"),
        ("An associate decides when no order is found.", "fact"),
        ("The refund goes to the card that was used, guaranteed.", "promise"),
        ("The refund goes to the card that was used with code SAVE20.", "code"),
        ("The refund goes to the card that was used, says Marlowe.", "name"),
        ("The refund goes to the card that was used, see www.example.shop.", "link"),
        ("Unworn goods may come back, as the alpine tent.", "other_product"),
        ("Parking under the building costs nothing.", "sentence"),
        ("The refund goes to the card that was used. Parking is under the building.", "sentence"),
        ("Unworn goods may come back within \uff13\uff11 days.", "quantity"),
        ("Unworn goods may come back within 3\u200b1 days.", "quantity"),
    ],
)
def test_what_has_no_evidence_is_named(answer: str, kind: str):
    assert kind in {each.kind for each in unbacked(answer, RULE)}


def test_the_sentence_that_is_not_backed_is_told_and_no_other():
    found = unbacked("Opened cosmetics do not come back. Parking is under the building.", RULE)
    assert {each.sentence for each in found} == {"Parking is under the building."}


def test_without_evidence_nothing_is_backed():
    assert unbacked("Unworn goods may come back.", Evidence())


def test_words_that_invite_need_not_be_quoted_but_state_no_fact_of_their_own():
    offer = Evidence(("Leather Belt",), figures=("10 %",))
    assert unbacked("Leather Belt goes well with your basket: 10 % off.", offer, wording=True) == ()
    assert {each.kind for each in unbacked("Waterproof Leather Belt: 10 % off.", offer, wording=True)} == {"fact"}
    assert {each.kind for each in unbacked("Leather Belt: 20 % off.", offer, wording=True)} == {"quantity"}
