"""What the masking suite counts, and floors of its figures that no change may break unseen."""

import pytest

from evals.masking import adversarial, clean, gold
from knowledge.privacy.known import KnownPerson
from knowledge.privacy.scrub import Profile, Scrubber
from knowledge.privacy.spans import Span


def test_a_span_counts_as_hidden_only_when_every_letter_and_digit_is():
    text, span = "ask Ada L. now", Span("PERSON", 4, 10)
    assert gold.is_hidden(text, span, [Span("PERSON", 4, 9)])
    assert not gold.is_hidden(text, span, [Span("PERSON", 4, 7)])


def test_recall_counts_whole_spans_and_precision_any_touch():
    marked = gold.Marked("Ada met Bo in Rome", (Span("PERSON", 0, 3), Span("PERSON", 8, 10), Span("GPE", 14, 18)))
    found = gold.score([marked], lambda _: [Span("X", 0, 3), Span("X", 4, 7), Span("X", 14, 16)])
    assert (found.recall, found.precision) == (0.5, 2 / 3)


def test_there_are_ninety_nine_forms():
    assert len(adversarial.FORMS) == 99
    assert len({name for name, _ in adversarial.FORMS}) == 99


def test_ninety_seven_of_ninety_nine_adversarial_forms_are_caught():
    scrubber = Scrubber(Profile.BALANCED)
    found = adversarial.caught(lambda text: scrubber.spans(text, (adversarial.CUSTOMER,)))
    assert sum(whole for _, whole in found) >= 97, [name for name, whole in found if not whole]


@pytest.mark.parametrize("profile", [Profile.FAST, Profile.BALANCED])
def test_at_most_two_percent_of_a_shop_s_own_lines_are_hidden(profile: Profile):
    assert clean.over_masking(Scrubber(profile, clean.phrases()).spans).letters <= 0.02


def test_what_a_customer_shares_with_a_product_does_not_hide_the_product():
    rose = KnownPerson(names=("Rose Hudson",))
    scrubber = Scrubber(Profile.BALANCED, clean.phrases())
    for line in ("Rose gold necklace, 45 cm, three left", "Hudson parka sold out in navy"):
        assert scrubber.scrub(line, (rose,)).text == line
