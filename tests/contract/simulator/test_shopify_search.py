"""Shopify's search syntax, read as Shopify reads it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.retailer.shopify.matching import Field, matcher, span_of, unknown_fields
from evals.retailer.shopify.search_syntax import value_of


@dataclass
class Thing:
    name: str = "Slim Jeans"
    sku: str = "JNS-1"
    tags: tuple[str, ...] = ("denim", "New In")
    count: int = 5
    at: datetime = datetime(2026, 11, 22, 12, 30, 15, 500_000, UTC)


FIELDS = {
    "default": Field("words", lambda one: one.name),
    "sku": Field("text", lambda one: one.sku),
    "tag": Field("text", lambda one: one.tags),
    "count": Field("number", lambda one: one.count),
    "at": Field("time", lambda one: one.at),
}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "slim",
        "JEANS slim",
        "sku:jns-1",
        "sku:'JNS-1'",
        'sku:"JNS-1"',
        "sku:jns*",
        "sku:*",
        "sku:X,JNS-1",
        "tag:'new in'",
        "-sku:other",
        "NOT sku:other",
        "sku:other OR tag:denim",
        "(sku:other OR tag:denim) AND count:5",
        "sku:other OR (tag:denim count:>4)",
        "count:>=5 count:<=5",
        "count:gid://shopify/Thing/5",
        "at:2026-11-22",
        "at:>=2026-11-22 at:<2026-11-23",
        "at:>2026-11-21",
        "at:<=2026-11-22T12:30:15Z",
        "at:>='2026-11-22T12:30:15Z'",
        "at:2026-11-22T12:30:15Z",
        "at:<2026-11-22T09:30:15-05:00",
        "unknown:1 slim",
    ],
)
def test_a_query_that_holds(query: str):
    assert matcher(query, FIELDS)(Thing())


@pytest.mark.parametrize(
    "query",
    [
        "wide",
        "sku:jns",
        "sku:JNS-1 wide",
        "-sku:jns-1",
        "NOT (sku:jns-1 OR tag:none)",
        "tag:new",
        "count:>5",
        "count:five",
        "at:2026-11-23",
        "at:>2026-11-22",
        "at:>2026-11-22T12:30:15Z",
        "at:<2026-11-22T12:30:15Z",
        "at:yesterday",
    ],
)
def test_a_query_that_does_not_hold(query: str):
    assert not matcher(query, FIELDS)(Thing())


def test_the_span_of_time_is_only_narrowed_by_what_every_answer_satisfies():
    start, end = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 22, 23, 59, 59, 999_999, UTC)
    assert span_of("at:>=2026-11-22", "at") == (start, None)
    assert span_of("at:2026-11-22 slim", "at") == (start, end)
    assert span_of("at:>=2026-11-22 OR slim", "at") == (None, None)
    assert span_of("NOT at:>=2026-11-22", "at") == (None, None)
    assert span_of("-at:>=2026-11-22", "at") == (None, None)


def test_a_value_is_demanded_only_when_it_is_plain_and_alone():
    assert value_of("sku:JNS-1 slim", "sku") == "JNS-1"
    for query in ("sku:A,B", "sku:A*", "sku:>A", "sku:A OR slim", "-sku:A", ""):
        assert value_of(query, "sku") == ""


def test_unknown_fields_are_named():
    assert unknown_fields("size:4 OR (sku:1 color:blue)", FIELDS) == ["size", "color"]


@given(st.text(alphabet="ab:()-\"'*,<>=. \n\\é|AND OR NOT sku at 2026", max_size=60))
def test_no_text_breaks_the_search(query: str):
    assert matcher(query, FIELDS)(Thing()) in {True, False}
    span_of(query, "at")
    unknown_fields(query, FIELDS)
