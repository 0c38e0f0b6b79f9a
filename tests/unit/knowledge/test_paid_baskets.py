"""An order ends what was promised to its basket, and no basket of the same name anywhere else."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from knowledge.store.session import Database
from knowledge.unify.apply import apply
from tests.unit.knowledge.test_apply import PLACES, START, order

pytestmark = pytest.mark.anyio
_PROMISE = text(
    "INSERT INTO reservation (basket, sku, location_id, side, units, expires_at)"
    " VALUES ('1001', 'A', 'S1', :side, 1, :until)"
)


async def test_an_order_ends_the_promise_to_its_own_shop_s_basket_of_that_name(database: Database):
    sold = order(1, ("A", 1), location="S1", transaction="1001")
    async with database.transaction() as connection:
        for side in ("S1", "L1"):
            await connection.execute(_PROMISE, {"side": side, "until": START + timedelta(minutes=10)})
        await apply(connection, [sold], PLACES, at=START)
        open_ones = await connection.execute(text("SELECT side FROM reservation WHERE ended_at IS NULL"))
        assert list(open_ones.scalars()) == ["L1"]
