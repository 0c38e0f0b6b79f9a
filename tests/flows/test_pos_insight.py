"""`/pos/v1/insight`: what an associate may know at the counter, under their own role, and nothing to give away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from knowledge.store.identity_tables import customer_identity
from knowledge.store.tables import customer, interest, match_key, purchase, purchase_line
from policies.vocabulary.actor import Role
from tests.flows.filled_store import CUSTOMER, TEE, jeans
from tests.flows.pos_shop import BO, STORE, PosShop, pos_shop

pytestmark = pytest.mark.anyio

SHOPIFY = 5550001


async def known(shop: PosShop) -> None:
    """The customer is Shopify's too, bought the tee yesterday, and left the jeans in a cart."""
    at, other = datetime.now(UTC) - timedelta(days=1), jeans(shop.opened.retailer.world)
    key = shop.opened.house.keys.key("shopify", str(SHOPIFY))
    assert key is not None
    sold = {
        "id": "shopify:order:1",
        "channel": "pos",
        "location_id": STORE,
        "customer_ref": CUSTOMER,
        "occurred_at": at,
    }
    async with shop.opened.database.transaction() as connection:
        await connection.execute(insert(match_key), [{"kind": key.kind, "digest": key.digest, "ref": CUSTOMER}])
        await connection.execute(insert(purchase).values(**sold, received_at=at, total=2999, currency="USD"))
        line = {"purchase_id": "shopify:order:1", "sku": TEE, "quantity": 1, "unit_price": 2999}
        await connection.execute(insert(purchase_line).values(**line))
        looks = [
            {"customer_ref": CUSTOMER, "sku": other, "kind": kind, "at": datetime.now(UTC)} for kind in ("view", "cart")
        ]
        await connection.execute(insert(interest), looks)


async def test_an_associate_is_told_what_helps_and_no_money_and_nothing_is_decided(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await known(shop)
        told = await shop.till.insight(SHOPIFY)
        other = jeans(shop.opened.retailer.world)

        assert (told["known"], told["partial"], told["unclear"]) == (True, [], [])
        assert told["lines"][0] == "Has come back before: 3 orders so far."
        assert [item["sku"] for item in told["viewed"]] == [item["sku"] for item in told["left_in_cart"]] == [other]
        assert told["viewed"][0]["here"] is True
        assert not [line for line in told["lines"] if "Spent" in line or "USD" in line]
        assert not {"percent", "amount", "code", "offer"} & set(told)
        assert await shop.opened.count("SELECT count(*) FROM action") == 0
        await shop.opened.house.guard.flush()
        rows = await shop.opened.database.quick.rows(
            "SELECT CAST(entry AS jsonb) -> 'body' AS body FROM ledger WHERE kind = 'call'"
        )
        assert [(row["body"]["actor"]["id"], row["body"]["tool"]) for row in rows] == [(BO, "get_customer")]

        await shop.opened.key(Role.MANAGER, STORE, name=BO)  # now they answer for money
        assert [
            line for line in (await shop.till.insight(SHOPIFY))["lines"] if line == "Spent 29.99 USD within a year."
        ]


async def test_somebody_unknown_is_told_as_unknown(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        told = await shop.till.insight(1)
        assert (told["known"], told["viewed"], told["lines"]) == (False, [], ["Nothing is known of this customer."])


async def test_records_that_contradict_each_other_about_consent_mean_no(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await known(shop)
        async with shop.opened.database.transaction() as connection:
            at = datetime.now(UTC)
            no = {"consent_email_at": at - timedelta(days=900), "consent_sms_at": at - timedelta(days=900)}
            await connection.execute(insert(customer).values(ref="c_other", **no, observed_at=at))
            await connection.execute(
                text("UPDATE customer SET consent_email = true, consent_sms = true WHERE ref = :ref"), {"ref": CUSTOMER}
            )
            one_person = [{"ref": ref, "identity": CUSTOMER} for ref in (CUSTOMER, "c_other")]
            await connection.execute(insert(customer_identity), one_person)
        told = await shop.till.insight(SHOPIFY)
        assert (told["consent_email"], told["consent_sms"], told["unclear"]) == (False, False, ["email", "sms"])


async def test_a_part_that_is_slow_is_named_and_the_rest_is_told(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await known(shop)
        async with shop.opened.database.transaction() as connection:
            await connection.execute(text("LOCK TABLE interest IN ACCESS EXCLUSIVE MODE"))
            told = await shop.till.insight(SHOPIFY)
        assert "interest" in told["partial"]
        assert (told["known"], told["viewed"]) == (True, [])
        assert told["lines"]
