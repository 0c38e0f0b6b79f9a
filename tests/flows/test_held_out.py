"""A held-out customer is offered nothing at the till, is on record for it, and is handed or forgotten with the rest."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from evals.retailer.shopify import privacy_payloads
from evals.retailer.world import Person as Shopper
from knowledge.offers.lottery import Lottery
from knowledge.vault.person import Person
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CustomerRef
from tests.flows.open_house import SAMPLE, OpenHouse, open_house
from tests.flows.test_privacy_requests import ADA, OPERATOR, erased, record
from tools.audit.verify import verify

pytestmark = pytest.mark.anyio

HALF: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000", "TILLHAND_HOLDOUT_BP": "5000"}
REF = text("SELECT ref FROM match_key WHERE kind = 'loyalty' AND digest = :digest")


def shopper(number: int) -> Shopper:
    return replace(
        ADA,
        key=9_100 + number,
        email=f"shopper{number}@example.com",
        phone=f"+1212555{1_000 + number}",
        loyalty_id=f"CUST_8800{number:02}",
        shopify_id=7_780_000 + number,
    )


async def both(opened: OpenHouse) -> tuple[Shopper, Shopper]:
    """One who is held out and one who is not; of twenty, half are, and never all."""
    lottery = Lottery(opened.house.secret.derive("lottery"), 5_000)
    sides: dict[bool, Shopper] = {}
    for number in range(20):
        one = shopper(number)
        await opened.shopify_says("customers/update", record(one))
        await opened.drain()
        key = opened.house.keys.key("loyalty", one.loyalty_id)
        assert key is not None
        async with opened.database.reading() as connection:
            ref = CustomerRef((await connection.execute(REF, {"digest": key.digest})).scalar_one())
        sides.setdefault(lottery.holds_out("", ref), one)
        if len(sides) == 2:
            break
    return sides[True], sides[False]


async def buy(opened: OpenHouse, one: Shopper, key: str, transaction: str) -> dict[str, Any]:
    body = {**SAMPLE, "pos_transaction_id": transaction, "customer": {"loyalty_id": one.loyalty_id}}
    told = (await opened.check_out(body, key)).json()
    await opened.house.background.close()
    return told


async def test_a_held_out_customer_is_on_record_once_handed_what_is_kept_and_forgotten(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **HALF) as opened:
        out, other = await both(opened)
        key = await opened.key(Role.REGISTER, "STORE_123")
        silent = [await buy(opened, out, key, "T1") for _ in range(2)]
        assert [told["status"] for told in silent] == ["silent", "silent"]
        assert (await buy(opened, other, key, "T2"))["status"] == "offered"
        assert await opened.count("SELECT count(*) FROM withheld WHERE customer_ref IS NOT NULL") == 1
        assert await opened.count("SELECT count(*) FROM ledger WHERE kind = 'withheld'") == 1

        person = Person.of([("email", out.email)])
        (kept,) = (await opened.house.privacy.export(OPERATOR, person))["customers"]
        assert len(kept["offers_withheld"]) == 1

        await erased(opened, privacy_payloads.redact(out, opened.retailer.shopify, by=("email",)))
        assert await opened.count("SELECT count(*) FROM withheld WHERE customer_ref IS NULL") == 1
        async with opened.database.reading() as connection:
            assert (await verify(connection)).whole
