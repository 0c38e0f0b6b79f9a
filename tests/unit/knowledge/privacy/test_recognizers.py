"""Identifiers of every shape are found; a shop's own numbers are not; no text makes the search slow."""

import time

import pytest

from knowledge.privacy import recognizers


def _hidden(text: str) -> str:
    return "".join(
        "" if any(span.start <= place < span.end for span in recognizers.find(text)) else letter
        for place, letter in enumerate(text)
    )


@pytest.mark.parametrize(
    "secret",
    [
        "ada@localhost",
        "ada@host.internal",
        "käthe@münchen-läden.de",
        "ada.l+returns@mail.example",
        "mailto:ada@mail.example?subject=x",
        "@ada_lovelace88",
        "+44 (0)20 7946 0958",
        "0044 20 7946 0958",
        "+91 98765 43210",
        "(312) 555-0147 ext. 22",
        "312-555-0147x9",
        "555-0147",
        "3l2-555-O147",
        "312\n555\n0147",
        "4111.1111.1111.1111",
        "2223003122003222",
        "4111 1111\n1111 1112",
        "3782 822463 10005",
        "DE89 3704 0044 0532 0130 00",
        "078 05 1120",
        "203.0.113.45",
        "2001:db8:0:0:0:0:2:1",
        "1Z999AA10123456784",
        "RR 123 456 785 US",
        "LOY-88231947",
        "ABCD-1234-EF56-7H89",
        "12 elm st",
        "1600 Larkspur Avenue, Suite 12",
        "Lindenstraße 14",
        "12 rue de la Paix",
        "PO Box 1182",
        "SW1A 1AA",
        "IL 62701",
        "BEGIN:VCARD\nFN:A\nEND:VCARD",
    ],
)
def test_an_identifier_is_found_whole(secret: str):
    assert not any(letter.isalnum() for letter in _hidden(secret))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("visa ending in 4242", "4242"),
        ("date of birth 03/14/1988", "1988"),
        ("born 14 March 1988", "14 March"),
        ("zip code 62701", "62701"),
        ("my driver's license is F162823", "162823"),
        ("car: 7ABC123 in bay 4", "7ABC123"),
        ("loyalty number 88231", "88231"),
        ("customer no. 42871", "42871"),
        ("phone: 99 668472", "668472"),
    ],
)
def test_a_word_before_it_tells_what_a_number_is(text: str, secret: str):
    assert secret not in _hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "SKU PROD_001 qty 24 at $29.99",
        "order 3 of 12, total $1,299.00",
        "sales up 12.5% vs 2025-11-22",
        "since 2026-03-21 24 units were sold",
        "safety stock 120, reorder point 80, lead time 7 days",
        "Levi's 501, 32x34",
        "order 51234567 is late",
        "from 9:30 to 17:45",
        "20 by 30 by 40 cm",
    ],
)
def test_a_shop_s_own_numbers_stay(text: str):
    assert recognizers.find(text) == []


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "1 ",
        "1-",
        "a.",
        "a@",
        "@a",
        "+1",
        "(1)",
        "A1",
        "Ab ",
        "12 Ab ",
        "ab-",
        "1.",
        "::",
        "0:",
        "\n1",
        "A",
        "=C3",
    ],
)
def test_no_text_makes_the_search_slow(piece: str):
    text = (piece * 4000)[:4000]
    begun = time.thread_time()
    recognizers.find(text, until=float("inf"))
    assert time.thread_time() - begun < 1.5  # seconds of computing; measured at a fifth at most


def test_what_takes_too_long_is_not_passed_as_found():
    with pytest.raises(TimeoutError):
        recognizers.find("a text", until=time.thread_time() - 1)
