"""Personal data does not survive in free text, and an unchecked text does not pass."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.privacy import recognizers
from knowledge.privacy.allowed import AllowPhrases
from knowledge.privacy.known import KnownPerson
from knowledge.privacy.presidio import scrub_document
from knowledge.privacy.scrub import Profile, Scrubbed, Scrubber, scrub, use


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mail ada.l@example.com please", "ada.l@example.com"),
        ("mail jo@localhost", "jo@localhost"),
        ("write jo (at) corp (dot) com", "corp"),
        ("call (212) 555-0100 now", "555-0100"),
        ("call +44 20 7946 0958", "7946"),
        ("paid with 4242 4242 4242 4242", "4242"),
        ("paid with 2223.0031.2200.3222", "2200"),
        ("card CUST_456 was scanned", "456"),
        ("ssn 078-05-1120", "1120"),
        ("from 10.1.2.3", "10.1.2.3"),
    ],
)
@pytest.mark.parametrize("check", [scrub, scrub_document])
def test_personal_data_is_replaced_by_its_kind(check: Callable[[str], Scrubbed], text: str, secret: str):
    scrubbed = check(text)
    assert secret not in scrubbed.text
    assert scrubbed.found


@pytest.mark.parametrize("text", ["Price match: 15 % off SKU 84029E", "Returned twice, size M / Blue", ""])
def test_a_shop_s_own_words_stay(text: str):
    assert scrub(text).text == text


@settings(deadline=None, max_examples=60)  # the first reads the weights
@given(st.text(max_size=300), st.sampled_from(["ada@example.com", "+12125550100", "4242424242424242"]))
def test_an_identifier_between_any_words_is_found(around: str, secret: str):
    assert secret not in scrub(f"{around} {secret} {around}").text


def test_a_text_too_long_to_check_is_withheld():
    assert scrub("a" * 4001).text == "<WITHHELD>"
    assert scrub("a" * 4000).text == "a" * 4000


def test_a_failing_scrubber_withholds_the_text(monkeypatch: pytest.MonkeyPatch):
    def broken(text: str) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(recognizers, "find", broken)
    assert scrub("ada@example.com").text == "<WITHHELD>"


def test_scrubbing_opens_no_connection(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert "example" not in scrub("ada@example.com").text
    assert "example" not in scrub_document("ada@example.com").text


def test_a_document_s_bank_account_is_found_too():
    assert "DE89" not in scrub_document("refund to DE89 3704 0044 0532 0130 00").text


def test_scrubbing_is_cheap_to_import_and_needs_no_torch():
    code = (
        "import sys, knowledge.privacy.scrub as s; assert 'numpy' not in sys.modules;"
        "print(s.scrub('call Ngozi Adeyemi')); assert 'torch' not in sys.modules"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "call <PERSON>"


@pytest.mark.parametrize(
    "piece", ["a ", "a b ", "Ab ", "1 2 ", "one ", "a@", "@ ", " at ", " . ", "%20", "\\u0061", "YQ"]
)
def test_no_text_takes_long_enough_to_be_withheld(piece: str):
    text = (piece * 4000)[:4000]
    begun = time.thread_time()
    scrubbed = Scrubber(Profile.STRICT).scrub(text, (KnownPerson(names=("Ada Abel",), phones=("+13125550147",)),))
    assert scrubbed.text != "<WITHHELD>"
    assert time.thread_time() - begun < 1.5  # seconds of computing; measured at a third at most


def test_the_whole_process_scrubs_as_it_was_told_to():
    use(Scrubber(allow=AllowPhrases(("Ottilie Farnsworth Collection",))))
    try:
        assert scrub("the Ottilie Farnsworth Collection is here").text == "the Ottilie Farnsworth Collection is here"
    finally:
        use(Scrubber())
    assert "Farnsworth" not in scrub("Ottilie Farnsworth called").text
