"""However a text is written, it is read as people read it, and what is found points back to where it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.privacy.spans import Span
from knowledge.privacy.views import folded, others


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ａｄａ＠mail.com", "ada@mail.com"),
        ("٥٥٥", "555"),
        ("a\u200bd\u00ada", "ada"),
        ("аda", "ada"),
        ("Jose\u0301", "José"),
        ("it’s", "it's"),
        ("Иван", "Иван"),
    ],
)
def test_odd_letters_are_read_as_plain_ones(written: str, read: str):
    assert folded(written).text == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("three one two five five five", "312555"),
        ("three12 five55", "312555"),
        ("double five, triple oh, twenty one", "5500021"),
        ("ada dot l at mail dot com", "ada.l@mail.com"),
        ("ada(at)mail(dot)com", "ada@mail.com"),
        ("a d a @ m a i l . c o m", "ada@mail.com"),
        ("ada%2540mail.com", "ada@mail.com"),
        ("ada&#64;mail.com", "ada@mail.com"),
        ("\\u0061da@mail.com", "ada@mail.com"),
        ("ada=40mail.com", "ada@mail.com"),
    ],
)
def test_what_is_spelled_spaced_or_escaped_has_a_view_that_reads_plainly(written: str, read: str):
    assert read in {view.text for view in others(folded(written))}


@pytest.mark.parametrize(
    "text", ["two for one on socks", "meet me at home. it is late", "size S M L", "50% off & more", "one to five stars"]
)
def test_plain_words_have_no_other_view(text: str):
    assert others(folded(text)) == []


@given(st.text(max_size=120))
def test_every_place_of_every_view_lies_in_the_text_it_came_from(text: str):
    first = folded(text)
    for view in (first, *others(first)):
        assert len(view.text) == len(view.starts) == len(view.ends)
        assert list(view.starts) == sorted(view.starts)
        if view.text:
            (whole,) = view.back([Span("ALL", 0, len(view.text))])
            assert 0 <= whole.start < whole.end <= len(text)
