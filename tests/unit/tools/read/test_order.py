"""get_order promises the whole order, where the caller may look; elsewhere it does not even exist."""

import pytest

from knowledge.store.session import Database
from policies.errors import NotFound
from policies.vocabulary.actor import Actor, Role
from tests.small_chain import CUSTOMER, FIRST, actor, call, stock_chain
from tools.read.order import GetOrder, Order, order_tool

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chain(database: Database) -> Database:
    await stock_chain(database)
    return database


async def get(chain: Database, who: Actor, order: str) -> Order:
    answer = await order_tool(chain).run(call(who), GetOrder(order_id=order))
    assert isinstance(answer, Order)
    return answer


async def test_an_order_comes_with_its_lines_and_money_in_cents(chain: Database):
    order = await get(chain, actor(Role.ASSOCIATE, FIRST), "shopify:order:1001")
    assert (order.customer, order.total.minor, order.location_id) == (CUSTOMER, 2500, FIRST)
    assert [(line.sku, line.title, line.quantity) for line in order.lines] == [("BELT-1", "Leather Belt", 1)]


async def test_an_order_of_another_location_reads_like_one_that_does_not_exist(chain: Database):
    refusals: list[tuple[str, str, str]] = []
    for order in ("shopify:order:1002", "shopify:order:none"):
        with pytest.raises(NotFound) as refusal:
            await get(chain, actor(Role.ASSOCIATE, FIRST), order)
        refusals.append((refusal.value.code, refusal.value.message, refusal.value.hint))
    assert refusals[0] == refusals[1]
