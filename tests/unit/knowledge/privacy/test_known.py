"""The customer at hand is found however a text writes them; letters that only look alike are left."""

import codecs
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.privacy.known import KnownPerson
from knowledge.privacy.scrub import Profile, Scrubber

_CUSTOMER = KnownPerson(
    names=("Katharina O'Brien-Zöllner",),
    emails=("kz.private@host.internal",),
    phones=("+13125550147",),
    addresses=("48 Willow Lane, Ashford, OH 44805",),
    loyalty_ids=("CUST_8813",),
)
_SCRUBBER = Scrubber(Profile.FAST)


@pytest.mark.parametrize(
    "written",
    [
        "Katharina Zöllner",
        "katharina zollner",
        "KATHARINA",
        "katharinazollner",
        "KatharinaZöllner",
        "Zöllner, K.",
        "K. Zöllner",
        "Katarina",
        "Kathraina",
        "obrien",
        "O'Brien's",
        "K4th4r1na",
        "renlloZ",
        codecs.encode("Katharina", "rot13"),
        "K-a-t-h-a-r-i-n-a",
        "kz.private@host.internal",
        "kz . private",
        "312 555 0147",
        "5550147",
        "cust8813",
        "48 willow",
        "44805",
    ],
)
def test_a_known_customer_is_found_however_they_are_written(written: str):
    scrubbed = _SCRUBBER.scrub(f"for {written} today", (_CUSTOMER,))
    assert written not in scrubbed.text
    assert scrubbed.text.startswith("for <")
    assert scrubbed.text.endswith("today")


@pytest.mark.parametrize(
    "text", ["bring the katalog", "will it ship in may", "48 pieces are left", "the lane is narrow"]
)
def test_words_that_are_not_theirs_stay(text: str):
    assert _SCRUBBER.scrub(text, (_CUSTOMER, KnownPerson(names=("Will Harper",)))).text == text


def test_a_known_customer_is_never_printed():
    assert "Katharina" not in repr(_CUSTOMER)


_LETTERS = "bcdfghjklmnpqrstvwxz"  # no vowels, so that nothing else holds them by chance
_WORDS = st.text(alphabet=_LETTERS, min_size=8, max_size=12)


def _apart(word: str) -> str:
    return " ".join(word)


_TRANSFORMS = st.sampled_from(
    [
        str,
        str.lower,
        str.upper,
        str.title,
        str.swapcase,
        lambda word: word[::-1],
        lambda word: codecs.encode(word, "rot13"),
        "\u200b".join,
        "\u00ad".join,
        "-".join,
        _apart,
        lambda word: word.encode().hex(),
        lambda word: "".join(f"\\u{ord(letter):04x}" for letter in word),
        lambda word: "".join(f"%{ord(letter):02x}" for letter in word),
        lambda word: "".join(f"&#{ord(letter)};" for letter in word),
        lambda word: "".join(chr(ord(letter) + 0xFEE0) for letter in word),
        lambda word: f"{word[:4]}\n{word[4:]}",
        lambda word: word + "'s",
    ]
)


@settings(deadline=None, max_examples=60)  # the first reads the weights
@given(_WORDS, _WORDS, _TRANSFORMS)
def test_no_letters_of_a_customer_survive_any_disguise(first: str, last: str, disguise: Callable[[str], str]):
    person = KnownPerson(names=(f"{first} {last}".title(),))
    written = disguise(f"{first}{last}")
    scrubbed = _SCRUBBER.scrub(f"| {written} |", (person,))
    assert scrubbed.text.strip("| ").startswith("<")
    assert not any(letter in scrubbed.text.replace("ENCODED", "").lower() for letter in ("zz", first[:4], last[:4]))
    assert written not in scrubbed.text
