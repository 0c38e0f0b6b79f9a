"""What may not come in does not, at any edge; and what comes in raw stands readable in no column."""

import hashlib
import json
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from knowledge.store.places import Place, Places
from knowledge.store.session import Database
from knowledge.unify.apply import apply
from knowledge.vault.intake import Intake
from knowledge.vault.key_file import KeyFile
from knowledge.vault.vault import Vault
from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, LocationId
from server.cli import main
from server.queue.inbox import Inbox
from server.telemetry import Metrics
from tests.flows.open_house import SAMPLE, open_house
from tests.flows.test_privacy_requests import everything, order
from tools.connectors.lightspeed.events import to_event as lightspeed_event
from tools.connectors.shopify.events import to_event as shopify_event
from tools.proposal import Origin

CARD = "4242 4242 4242 4242"
AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.anyio
async def test_a_card_number_is_refused_at_every_door_not_repeated_and_kept_nowhere(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        place = opened.retailer.world.places["STORE_123"].shopify_id
        headers = {"authorization": f"Bearer {key}"}
        told = {"event": "customer.updated", "store_id": "STORE_123", "customer": {"loyalty_id": "L1", "email": CARD}}

        basket = await opened.check_out({**SAMPLE, "customer": {"loyalty_id": CARD}}, key)
        named = await opened.check_out({**SAMPLE, "basket": [{**SAMPLE["basket"][0], "name": f"gift, {CARD}"}]}, key)
        event = await opened.client.post("/v1/events", json=told, headers=headers)
        unknown = await opened.client.post(
            "/v1/events", json={"event": "who.knows", "store_id": "STORE_123", "what": CARD}, headers=headers
        )
        delivery = await opened.shopify_says("orders/create", {**order(1, place), "note": f"card {CARD}"})
        with pytest.raises(Refused) as argument:
            await opened.house.guard.invoke(
                Actor("associate:a", Role.ASSOCIATE, None, Door.MCP),
                "find_customer",
                {"loyalty_id": CARD},
                Origin(CorrelationId("c"), "c"),
            )

        for answer in (basket, named, event, unknown):
            assert (answer.status_code, answer.json()["code"]) == (422, "payment.card_number")
            assert "4242" not in answer.text
        assert argument.value.code == "payment.card_number"
        assert (delivery.status_code, delivery.json()) == (200, {"outcome": "parked"})
        await opened.house.inbox.close()
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'parked' AND sealed IS NULL") == 1
        assert await opened.count("SELECT count(*) FROM purchase") == 0
        kept = await everything(opened)
        assert "4242 4242" not in kept
        assert "4242424242424242" not in kept


def test_a_card_number_is_refused_at_the_command_line_without_being_repeated(capsys: pytest.CaptureFixture[str]):
    assert main(["privacy", "erase", "--loyalty", CARD]) == 2

    said = capsys.readouterr()
    assert "card number" in said.err
    assert "4242" not in said.out + said.err


@pytest.mark.anyio
async def test_in_strict_mode_tills_and_assistants_name_customers_by_hashes_only(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, TILLHAND_STRICT_IDENTIFIERS="1") as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        plain = hashlib.sha256(b"+15551234567").hexdigest()
        associate = Actor("associate:a", Role.ASSOCIATE, None, Door.MCP)
        origin = Origin(CorrelationId("c"), "c")

        raw = await opened.check_out(SAMPLE, key)
        hashed = await opened.check_out({**SAMPLE, "customer": {"phone": f"sha256:{plain}"}}, key)
        with pytest.raises(Refused) as refusal:
            await opened.house.guard.invoke(associate, "find_customer", {"phone": "+15551234567"}, origin)
        found: Any = await opened.house.guard.invoke(associate, "find_customer", {"phone": f"sha256:{plain}"}, origin)

        assert (raw.status_code, raw.json()["code"]) == (422, "identifier.raw")
        assert "1234567" not in raw.text
        assert hashed.status_code == 200
        assert refusal.value.code == "identifier.raw"
        assert found.customer == "c_456"
        assert plain not in await everything(opened)


@pytest.mark.anyio
async def test_the_records_of_a_decision_name_nobody_who_is_not_opened(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, TILLHAND_CHECKOUT_MS="5000") as opened:
        ref = "c_0123456789abcdef0123"
        async with opened.database.transaction() as connection:
            await connection.execute(text("INSERT INTO customer (ref, observed_at) VALUES (:ref, now())"), {"ref": ref})
            await connection.execute(text("UPDATE match_key SET ref = :ref"), {"ref": ref})
        key = await opened.key(Role.REGISTER, "STORE_123")

        answer = await opened.check_out(SAMPLE, key)

        assert answer.json()["decision_id"]
        async with opened.database.reading() as connection:
            entries = "\n".join((await connection.execute(text("SELECT entry FROM ledger"))).scalars())
        assert ref not in entries
        assert await opened.count(f"SELECT count(*) FROM ledger_name WHERE ref = '{ref}'") > 0  # noqa: S608


def place(name: str, platform: str, number: str, kind: str = "shop") -> Place:
    return Place(LocationId(name), name, platform, number, kind, "NY", "America/New_York", LocationId(name))


PLACES = Places([place("S1", "shopify", "1"), place("WEB", "shopify", "1", "online"), place("L1", "lightspeed", "o-1")])
_WORD = st.text(alphabet="bcdfghjklmnpqrstvwxz", min_size=6, max_size=9)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "first": _WORD,
            "last": _WORD,
            "local": _WORD,
            "phone": st.integers(2_010_000_000, 9_899_999_999).map(lambda number: f"+1{number}"),
            "street": _WORD,
            "loyalty": st.integers(10**8, 10**9).map(lambda number: f"LOY{number}"),
            "id": st.integers(10**9, 10**12),
        }
    ),
    min_size=5,
    max_size=12,
    unique_by=tuple(itemgetter(name) for name in ("first", "last", "local", "phone", "street", "loyalty", "id")),
)


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],  # each example is a database's work
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(people=PEOPLE)
def test_whoever_is_told_of_stands_readable_in_no_column(
    people: list[dict[str, Any]], database_url: str, tmp_path: Path
):
    async def told() -> None:
        database = Database(database_url)
        keys = KeyFile(tmp_path / "vault.keys")
        vault, inbox = Vault(database, keys), Inbox(database, Metrics())
        known: dict[str, Any] = {
            "received_at": AT,
            "places": PLACES,
            "keys": Intake(keys, country="US"),
            "currency": "USD",
        }
        try:
            async with database.transaction() as connection:
                await connection.execute(text("TRUNCATE event, customer, match_key, purchase, vault_subject"))
            for one in people:
                await inbox.append(
                    shopify_event("customers/update", shopify_record(one), delivery=f"c{one['id']}", **known)
                )
                await inbox.append(
                    shopify_event("orders/create", shopify_order(one), delivery=f"o{one['id']}", **known)
                )
                await inbox.append(
                    lightspeed_event("customer.update", lightspeed_record(one), delivery=f"l{one['id']}", **known)
                )
            await inbox.close()
            async with database.transaction() as connection:
                before = await _columns(connection)
                events = [_event(row) for row in (await connection.execute(_PENDING)).all()]
                await apply(connection, events, PLACES, at=AT, vault=vault)
                await connection.execute(text("UPDATE event SET state = 'handled'"))
            async with database.reading() as connection:
                after = await _columns(connection)
                rows = (await connection.execute(text("SELECT ref, wrapped, sealed FROM vault_subject"))).all()
                opened = {value for row in rows if (record := vault.open(row)) for value in record.person.get("email")}
        finally:
            await database.close()
        for one in people:
            email = f"{one['local']}@example.com"
            assert email in opened
            for canary in (one["first"], one["last"], one["local"], one["phone"][2:], one["street"], one["loyalty"]):
                assert canary.lower() not in before
                assert canary.lower() not in after

    anyio.run(told)


def shopify_record(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "email": f"{one['local'].upper()}@example.com",
        "phone": one["phone"],
        "first_name": one["first"],
        "last_name": one["last"],
        "default_address": {"address1": f"1 {one['street']} St", "city": "Troy"},
        "metafields": [{"key": "loyalty", "value": one["loyalty"]}],
        "updated_at": "2026-11-20T15:00:00Z",
    }


def shopify_order(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **order(one["id"], 1),
        "email": f"{one['local']}@example.com",
        "phone": one["phone"],
        "customer": shopify_record(one),
        "shipping_address": {"address1": f"1 {one['street']} St", "name": f"{one['first']} {one['last']}"},
        "note_attributes": [{"name": "gift for", "value": one["first"]}],
    }


def lightspeed_record(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"ls-{hashlib.md5(one['local'].encode(), usedforsecurity=False).hexdigest()}",
        "first_name": one["first"],
        "last_name": one["last"],
        "customer_code": one["loyalty"],
        "mobile": one["phone"],
        "contact": {"email": f"{one['local']}@example.com"},
        "version": 7,
    }


_PENDING = text("SELECT * FROM event WHERE state = 'pending' ORDER BY seq")


def _event(row: Any) -> Any:
    from server.queue import lanes  # noqa: PLC0415

    return lanes._event(row)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def _columns(connection: Any) -> str:
    """Every text, JSON and byte column of every table, the vault's included."""
    named = await connection.execute(
        text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    )
    told: list[str] = []
    for table in list(named.scalars()):
        rows = await connection.execute(text(f'SELECT row_to_json(t)::text FROM "{table}" AS t'))  # noqa: S608
        told += [_with_bytes(row) for row in rows.scalars()]
    return "\n".join(told).lower()


def _with_bytes(row: str) -> str:
    """The row, and what its bytes would read as."""
    hexes = [part.split('"')[0] for part in row.split('"\\\\x')[1:]]
    return row + "".join(bytes.fromhex(each).decode("latin-1") for each in hexes) + json.dumps(len(hexes))
