"""A customer's rights, from a signed delivery or the keyboard to a receipt: nothing is left, and the chain verifies."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from evals.retailer.shopify import privacy_payloads
from evals.retailer.world import Person as Shopper
from knowledge.erasure.steps import STEPS
from knowledge.vault.person import Person
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef
from tests.flows.open_house import OpenHouse, open_house
from tools.audit.verify import verify
from tools.privacy.door import VaultDoor

pytestmark = pytest.mark.anyio

OPERATOR = Actor("operator:local", Role.OPERATOR, None, Door.CLI)
ADA = Shopper(
    key=9001,
    first_name="Adalind",
    last_name="Quillfeather",
    email="adalind.quillfeather@example.com",
    phone="+12125550177",
    loyalty_id="CUST_777001",
    city="New York",
    region="NY",
    home_place="STORE_123",
    created_at=None,  # pyright: ignore[reportArgumentType]  # nothing here asks for it
    updated_at=None,  # pyright: ignore[reportArgumentType]
    shopify_id=7_770_011,
)
STREET = "1201 Juniper Hollow Rd"


def record(person: Shopper = ADA, *, updated: str = "2026-11-20T15:00:00Z", **more: Any) -> dict[str, Any]:
    """A customer as `customers/update` tells them."""
    return {
        "id": person.shopify_id,
        "email": person.email,
        "phone": person.phone,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "default_address": {"address1": STREET, "city": "New York", "province_code": "NY", "zip": "10001"},
        "metafields": [{"namespace": "tillhand", "key": "loyalty", "value": person.loyalty_id}],
        "updated_at": updated,
        **more,
    }


def order(number: int, place: int, person: Shopper = ADA, *, updated: str = "2026-11-20T15:00:00Z") -> dict[str, Any]:
    """An order of theirs."""
    return {
        "id": number,
        "created_at": "2026-11-20T14:59:00Z",
        "updated_at": updated,
        "source_name": "pos",
        "location_id": place,
        "currency": "USD",
        "total_price": "29.99",
        "current_total_price": "29.99",
        "email": person.email,
        "customer": {"id": person.shopify_id, "email": person.email, "phone": person.phone},
        "line_items": [{"id": 1, "sku": "PROD_001", "quantity": 1, "price": "29.99"}],
    }


async def met(opened: OpenHouse) -> CustomerRef:
    """Ada is known by name, and bought something; returns what the store calls her."""
    place = opened.retailer.world.places["STORE_123"].shopify_id
    await opened.shopify_says("customers/update", record())
    await opened.shopify_says("orders/create", order(5_001, place))
    await opened.drain()
    async with opened.database.reading() as connection:
        found = await connection.execute(text("SELECT customer_ref FROM purchase WHERE id = 'shopify:order:5001'"))
        return CustomerRef(found.scalar_one())


async def erased(opened: OpenHouse, body: dict[str, Any], name: str = "r-1") -> str:
    """The request told, done; returns its id."""
    answer = await opened.shopify_says("customers/redact", body, name=name)
    assert answer.json() == {"outcome": "stored"}
    assert await opened.house.privacy.carry_on() == 1
    async with opened.database.reading() as connection:
        return str((await connection.execute(text("SELECT id FROM privacy_request"))).scalar_one())


async def everything(opened: OpenHouse) -> str:
    """Every row of every table, as text, but for the tables that hold nothing readable."""
    told: list[str] = []
    async with opened.database.reading() as connection:
        tables = (
            await connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
            )
        ).scalars()
        for table in list(tables):
            rows = await connection.execute(text(f'SELECT row_to_json(t)::text FROM "{table}" AS t'))  # noqa: S608
            told += [str(row) for row in rows.scalars()]
    return "\n".join(told)


async def test_a_privacy_request_with_a_wrong_signature_is_answered_401_and_leaves_nothing(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        body = privacy_payloads.redact(ADA, opened.retailer.shopify)
        for kept, topic in enumerate(("customers/data_request", "customers/redact", "shop/redact"), 1):
            forged = await opened.shopify_says(topic, body, secret="guessed")
            genuine = await opened.shopify_says(topic, body, name=topic)
            again = await opened.shopify_says(topic, body, name=topic)

            assert [forged.status_code, genuine.status_code, again.status_code] == [401, 200, 200]
            assert [genuine.json(), again.json()] == [{"outcome": "stored"}, {"outcome": "duplicate"}]
            assert await opened.count("SELECT count(*) FROM privacy_request") == kept


async def test_what_a_platform_tells_of_a_customer_is_in_the_vault_alone(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)

        known = await opened.house.vault.known(ref)

        assert known is not None
        assert known.names == ("Adalind Quillfeather",)
        assert (known.emails, known.phones) == (("adalind.quillfeather@example.com",), ("+12125550177",))
        assert known.addresses == (f"{STREET}, New York, NY, 10001",)
        assert known.loyalty_ids == ("CUST_777001",)
        kept = (await everything(opened)).lower()
        for canary in ("quillfeather", "5550177", "cust_777001", "juniper"):
            assert canary not in kept
        assert await opened.count("SELECT count(*) FROM vault_arrival") == 0


@pytest.mark.parametrize("by", [("email",), ("phone",)])
async def test_a_customer_is_found_by_any_identifier_and_forgotten_everywhere(
    database_url: str, tmp_path: Path, by: tuple[str, ...]
):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)
        shop = opened.retailer.shopify
        await opened.shopify_says("nobody/knows_this", record())  # parked, sealed
        await opened.shopify_says("customers/update", record(updated="2026-11-21T15:00:00Z"))  # waits to be handled
        async with opened.database.transaction() as connection:
            await connection.execute(
                text("INSERT INTO interest (customer_ref, sku, kind, at) VALUES (:ref, 'PROD_001', 'view', now())"),
                {"ref": ref},
            )
            for kept in (
                "INSERT INTO wishlist (customer_ref, skus, at) VALUES (:ref, ARRAY['PROD_001'], now())",
                "INSERT INTO ticket VALUES ('T-1', :ref, 'open', 'late_parcel', now(), now())",
            ):
                await connection.execute(text(kept), {"ref": ref})

        request = await erased(opened, privacy_payloads.redact(ADA, shop, by=by))
        await opened.drain()

        assert await opened.house.vault.known(ref) is None
        kept = await everything(opened)
        assert ref not in kept
        for table in ("vault_subject", "vault_arrival", "interest", "wishlist", "ticket"):
            assert await opened.count(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
        assert await opened.count("SELECT count(*) FROM purchase WHERE customer_ref IS NULL") == 1
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'parked' AND sealed IS NOT NULL") == 0
        digests = [key.digest for key in keys_of(opened)]
        assert not [digest for digest in digests if digest in kept]
        async with opened.database.reading() as connection:
            assert (await verify(connection)).whole
        steps = f"SELECT count(*) FROM privacy_step WHERE request_id = '{request}'"  # noqa: S608
        assert await opened.count(steps) == len(STEPS)
        assert not await opened.house.privacy.erase(request)
        told, genuine = await opened.house.privacy.receipt(OPERATOR, request)
        assert genuine
        assert "quillfeather" not in told.receipt
        counts = {step["where"]: step["counts"] for step in json.loads(told.receipt)["erased"]}
        assert counts["vault"] == {"records": 1}
        assert counts["waiting"] == {"records": 1}
        assert counts["parked"] == {"bodies": 1}
        assert counts["check"]["left"] == 0


async def test_an_order_names_its_customer_where_nothing_else_does(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)
        body: dict[str, Any] = {"shop_id": 1, "shop_domain": "x", "customer": {}, "orders_to_redact": [5001]}

        await erased(opened, body)

        assert await opened.house.vault.known(ref) is None


async def test_whoever_was_erased_is_not_taken_in_again(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await met(opened)
        await erased(opened, privacy_payloads.redact(ADA, opened.retailer.shopify, by=("email",)))
        before = await opened.count("SELECT count(*) FROM customer")
        place = opened.retailer.world.places["STORE_123"].shopify_id

        await opened.shopify_says("customers/update", record(updated="2026-11-22T15:00:00Z"))
        await opened.shopify_says("orders/create", order(5_002, place))
        await opened.drain()

        assert await opened.count("SELECT count(*) FROM customer") == before
        assert await opened.count("SELECT count(*) FROM vault_subject") == 0
        assert await opened.count("SELECT count(*) FROM purchase WHERE id = 'shopify:order:5002'") == 1
        kept = await everything(opened)
        assert not [key for key in keys_of(opened) if key.digest in kept]


async def test_after_a_rotation_too_nobody_erased_comes_back_and_everybody_else_is_known(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)
        other = replace(ADA, email="b@example.com", phone="+12125550188", shopify_id=88, loyalty_id="CUST_777002")
        await opened.shopify_says("customers/update", record(other))
        await opened.drain()
        async with opened.database.reading() as connection:
            backup = (await connection.execute(text("SELECT ref, wrapped, sealed FROM vault_subject"))).all()
        assert [bool(opened.house.vault.open(row)) for row in backup] == [True, True]
        await erased(opened, privacy_payloads.redact(other, opened.retailer.shopify))
        old = dict(opened.house.vault.keys.chain())

        done = await opened.house.privacy.rotate(OPERATOR, retire=True)
        await opened.shopify_says("customers/update", record(other, updated="2026-11-23T15:00:00Z"))
        await opened.shopify_says("customers/update", record(updated="2026-11-23T15:00:00Z"))
        await opened.drain()

        assert (done.records, done.chain_destroyed, done.closed) == (1, 1, 1)
        assert not set(old) & set(opened.house.vault.keys.chain())
        assert [opened.house.vault.open(row) for row in backup] == [None, None]
        assert await opened.house.vault.known(ref) is not None
        assert await opened.count("SELECT count(*) FROM vault_subject") == 1
        assert await opened.count("SELECT count(*) FROM match_key WHERE digest NOT LIKE '%.%'") == 0
        assert await opened.count(f"SELECT count(*) FROM match_key WHERE ref = '{ref}'") == 4  # noqa: S608


async def test_what_a_shop_told_is_forgotten_when_it_leaves_and_taken_in_again_when_it_returns(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        await met(opened)

        await opened.shopify_says("shop/redact", privacy_payloads.shop_redact(opened.retailer.shopify))
        assert await opened.house.privacy.carry_on() == 1

        assert await opened.count("SELECT count(*) FROM vault_subject") == 0
        assert await opened.count("SELECT count(*) FROM match_key WHERE kind = 'shopify'") == 0
        await opened.shopify_says("customers/update", record(updated="2026-11-22T15:00:00Z"))
        await opened.drain()
        assert await opened.count("SELECT count(*) FROM vault_subject") == 1


async def test_a_customer_is_handed_everything_that_is_kept_of_them_and_the_reading_is_on_record(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        await met(opened)
        asked = privacy_payloads.data_request(ADA, opened.retailer.shopify, orders=[5001])
        await opened.shopify_says("customers/data_request", asked)
        (standing,) = await opened.house.privacy.standing(OPERATOR)

        told = await opened.house.privacy.export(OPERATOR, Person(), request=standing.request.id)

        (customer,) = told["customers"]
        assert customer["by_name"]["email"] == (ADA.email,)
        assert [bought["id"] for bought in customer["purchases"]] == ["shopify:order:5001"]
        assert await opened.count('SELECT count(*) FROM ledger WHERE entry LIKE \'%"step":"exported"%\'') == 1
        assert ADA.email not in await everything(opened)


async def test_only_people_who_serve_customers_read_the_vault_and_every_reading_is_on_record(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path) as opened:
        ref = await met(opened)
        door = VaultDoor(opened.database, opened.house.vault)
        manager = Actor("manager:may", Role.MANAGER, None, Door.CONSOLE)

        assert (await door.read(manager, ref, purpose="pickup")).emails == (ADA.email,)
        for actor in (
            Actor("manager:may", Role.MANAGER, None, Door.MCP, model=True),
            Actor("register:1", Role.REGISTER, None, Door.CHECKOUT),
            Actor("marketing:1", Role.MARKETING, None, Door.CONSOLE),
        ):
            with pytest.raises(Refused, match="not shown"):
                await door.read(actor, ref, purpose="pickup")
        with pytest.raises(NotFound):
            await door.read(manager, CustomerRef("c_nobody"), purpose="pickup")

        async with opened.database.reading() as connection:
            entries = (await connection.execute(text("SELECT entry FROM ledger WHERE kind = 'privacy'"))).scalars()
            steps = [json.loads(entry)["body"]["step"] for entry in entries]
        assert steps == ["read", "refused", "refused", "refused", "unknown"]
        assert ref not in await ledger_text(opened)


async def test_a_receipt_that_was_altered_is_not_the_one_the_ledger_recorded(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        await met(opened)
        request = await erased(opened, privacy_payloads.redact(ADA, opened.retailer.shopify))
        async with opened.database.transaction() as connection:
            await connection.execute(text("UPDATE privacy_request SET receipt = replace(receipt, 'shopify', 'nobody')"))

        _, genuine = await opened.house.privacy.receipt(OPERATOR, request)

        assert not genuine


def keys_of(opened: OpenHouse) -> list[Any]:
    """Every match key of hers, made anew."""
    keys = opened.house.keys
    told: tuple[tuple[Any, str], ...] = (
        ("email", ADA.email),
        ("phone", ADA.phone),
        ("loyalty", ADA.loyalty_id),
        ("shopify", str(ADA.shopify_id)),
    )
    return [key for kind, value in told for key in keys.readings(kind, value)]


async def ledger_text(opened: OpenHouse) -> str:
    async with opened.database.reading() as connection:
        return "\n".join((await connection.execute(text("SELECT entry FROM ledger ORDER BY seq"))).scalars())
