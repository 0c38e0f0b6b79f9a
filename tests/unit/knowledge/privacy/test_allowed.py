"""The retailer's own words pass, a person's name beside them does not."""

from knowledge.privacy.allowed import AllowPhrases
from knowledge.privacy.known import KnownPerson
from knowledge.privacy.scrub import Profile, Scrubber

_ALLOW = AllowPhrases(("Rose Gold Necklace 45 cm", "Kate Spade", "Charlotte"))
_SCRUBBER = Scrubber(Profile.FAST, _ALLOW)
_ROSE = KnownPerson(names=("Rose Will",))
_KATE = KnownPerson(names=("Kate Spade",))


def test_a_title_s_words_pass_although_a_customer_shares_one():
    assert _SCRUBBER.scrub("the rose gold necklace is back", (_ROSE,)).text == "the rose gold necklace is back"


def test_the_customer_s_name_beside_the_title_does_not():
    assert "for Rose" not in _SCRUBBER.scrub("the rose gold necklace is for Rose", (_ROSE,)).text


def test_a_customer_named_like_a_brand_is_still_hidden():
    assert "Spade" not in _SCRUBBER.scrub("refund for Kate Spade", (_KATE,)).text


def test_an_allowed_word_inside_a_longer_name_is_hidden_with_it():
    assert "Charlotte" not in _SCRUBBER.scrub("please call Charlotte Okonkwo back").text


def test_an_identifier_inside_an_allowed_phrase_is_hidden():
    scrubber = Scrubber(Profile.FAST, AllowPhrases(("call 312-555-0147 now",)))
    assert "0147" not in scrubber.scrub("call 312-555-0147 now").text
