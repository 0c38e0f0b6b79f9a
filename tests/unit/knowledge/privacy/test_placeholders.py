"""A run's stand-ins are stable inside it, worthless outside, and turned back only for who may know."""

import pytest

from knowledge.privacy.known import KnownPerson
from knowledge.privacy.placeholders import Placeholders
from policies.errors import Refused

_TEXT = "mail ada@mail.example, then ada@mail.example again or bo@mail.example"


def test_the_same_value_has_the_same_stand_in_throughout_a_run():
    run = Placeholders("run-1")
    first, second = run.hide(_TEXT), run.hide("ada@mail.example")
    stands = second.text
    assert first.text.count(stands) == 2
    assert "mail.example" not in first.text


def test_only_who_is_entitled_reads_the_value():
    run = Placeholders("run-1")
    hidden = run.hide(_TEXT).text
    assert run.reveal(f"Answer: {hidden}", entitled=True) == f"Answer: {_TEXT}"
    assert run.reveal(hidden, entitled=False) == hidden


def test_a_stand_in_the_model_made_up_rejects_the_answer():
    run = Placeholders("run-1")
    run.hide(_TEXT)
    for entitled in (True, False):
        with pytest.raises(Refused) as refused:
            run.reveal("Write to <PERSON_999999>", entitled=entitled)
        assert refused.value.code == "privacy.foreign_placeholder"


def test_a_stand_in_of_another_run_rejects_the_answer():
    one, other = Placeholders("run-1"), Placeholders("run-2")
    one._next, other._next = 1, 500  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - numbers begin at random
    foreign = one.hide(_TEXT).text
    other.hide(_TEXT)
    with pytest.raises(Refused):
        other.reveal(foreign, entitled=True)


def test_a_stand_in_somebody_typed_reveals_nothing():
    run = Placeholders("run-1")
    stands = run.hide("ada@mail.example").text
    typed = run.hide(f"what is {stands}?").text
    assert stands not in typed
    assert run.reveal(typed, entitled=True) == f"what is {stands}?"


def test_a_known_customer_has_a_stand_in_too():
    run = Placeholders("run-1")
    hidden = run.hide("for wilhelmina please", (KnownPerson(names=("Wilhelmina Groot",)),))
    assert "wilhelmina" not in hidden.text


def test_a_run_is_not_printed_with_what_it_holds():
    run = Placeholders("run-1")
    run.hide("ada@mail.example")
    assert "ada" not in repr(run)
