"""A price is as of now or it is not told: asked once by many, waited for only so long, never made up."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.price_list import PriceList
from tools.fresh_prices import FreshPrices

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


def desk(cents: dict[str, int]) -> tuple[FreshPrices, PriceList, Clock]:
    clock = Clock()
    shopify = PriceList(cents, clock.now)
    return FreshPrices({"shopify": shopify}, clock.now), shopify, clock


async def cents(prices: FreshPrices, *skus: str, platform: str = "shopify", within: float = 1.0) -> dict[str, int]:
    told = await prices.of(platform, skus, younger_than=5, within=within)
    return {str(sku): price.price.minor for sku, price in told.items()}


async def test_what_the_platform_sells_is_told_and_the_rest_is_left_out():
    prices, shopify, _ = desk({"A": 100, "B": 200})
    assert await cents(prices, "A", "B", "C") == {"A": 100, "B": 200}
    assert shopify.asked == [["A", "B", "C"]]


@pytest.mark.parametrize(("seconds", "questions"), [(5, 1), (5.001, 2)])
async def test_a_price_is_told_again_without_asking_for_as_long_as_it_is_young(seconds: float, questions: int):
    prices, shopify, clock = desk({"A": 100})
    await cents(prices, "A")
    shopify.cents["A"] = 150
    clock.at += timedelta(seconds=seconds)
    assert await cents(prices, "A") == {"A": 100 if questions == 1 else 150}
    assert len(shopify.asked) == questions


async def test_many_who_ask_at_once_are_answered_by_one_question_and_only_the_rest_is_asked_besides():
    prices, shopify, _ = desk({"A": 100, "B": 200})
    shopify.held = asyncio.Event()
    first = [asyncio.create_task(cents(prices, "A")) for _ in range(3)]
    await shopify.heard.wait()
    shopify.heard.clear()
    second = asyncio.create_task(cents(prices, "A", "B"))
    await shopify.heard.wait()
    shopify.held.set()
    assert await asyncio.gather(*first, second) == [{"A": 100}] * 3 + [{"A": 100, "B": 200}]
    assert shopify.asked == [["A"], ["B"]]


async def test_a_late_answer_is_not_waited_for_but_serves_whoever_asks_next():
    prices, shopify, _ = desk({"A": 100})
    shopify.held = asyncio.Event()
    assert await cents(prices, "A", within=0.001) == {}
    shopify.held.set()
    assert await cents(prices, "A") == {"A": 100}
    assert len(shopify.asked) == 1


async def test_without_time_or_without_the_platform_nothing_is_asked():
    prices, shopify, _ = desk({"A": 100})
    assert await cents(prices, "A", within=0) == await cents(prices, "A", platform="lightspeed") == {}
    assert shopify.asked == []


async def test_a_platform_that_does_not_answer_tells_no_price():
    prices, shopify, _ = desk({"A": 100})
    shopify.down = True
    assert await cents(prices, "A") == {}
    shopify.down = False
    assert await cents(prices, "A") == {"A": 100}


async def test_whoever_stops_waiting_does_not_stop_the_others():
    prices, shopify, _ = desk({"A": 100})
    shopify.held = asyncio.Event()
    waiting = [asyncio.create_task(cents(prices, "A")) for _ in range(2)]
    await shopify.heard.wait()
    waiting[0].cancel()
    shopify.held.set()
    assert await waiting[1] == {"A": 100}


async def test_closing_stops_what_is_being_asked():
    prices, shopify, _ = desk({"A": 100})
    shopify.held = asyncio.Event()
    assert await cents(prices, "A", within=0.001) == {}
    await prices.close()
    shopify.held = None
    assert await cents(prices, "A") == {"A": 100}
