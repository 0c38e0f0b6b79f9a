"""`/v1/events`: what registers and shop systems tell, by the names in use, with raw identifiers hashed at the edge."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.vocabulary.actor import Role
from tests.flows.open_house import OpenHouse, open_house
from tests.flows.test_webhook_receive import everything

pytestmark = pytest.mark.anyio

CUSTOMER = {"loyalty_id": "CANARY_9", "phone": "+1 303 555 0177", "email": "canary@example.com"}
LINE = {"sku": "PROD_001", "price": "29.99", "quantity": 1}
TOLD: list[tuple[dict[str, Any], str]] = [
    ({"event": "order.created", "order_id": "A-1", "lines": [LINE], "total_amount": 29.99}, "order.created"),
    ({"event": "sale.create", "order_id": "A-2", "lines": [LINE], "total_amount": 29.99}, "order.created"),
    ({"event": "online_order.fulfilled", "order_id": "A-3", "channel": "online", "lines": [LINE],
      "total_amount": 29.99}, "order.fulfilled"),
    ({"event": "in-store.return", "order_id": "A-1", "lines": [LINE], "refund_amount": "29.99"}, "return.created"),
    ({"event": "customer.updated", "customer": CUSTOMER, "consent_email": True}, "customer.updated"),
    ({"event": "cart/update", "customer": CUSTOMER, "skus": ["PROD_001"], "cart_id": "c1"}, "cart.updated"),
    ({"event": "product.viewed", "customer": CUSTOMER, "skus": ["PROD_001"]}, "product.viewed"),
    ({"event": "wishlist.updated", "customer": CUSTOMER, "skus": ["PROD_001"]}, "wishlist.updated"),
    ({"event": "ticket.updated", "customer": CUSTOMER, "ticket_id": "T-1", "state": "open", "subject": "late_parcel",
      "opened_at": "2026-11-19T20:00:00Z"}, "ticket.updated"),
    ({"event": "inventory_level", "sku": "PROD_001", "available": 5}, "inventory.updated"),
    ({"event": "wifi.check_in", "customer": CUSTOMER, "by": "wifi", "opted_in": True}, "check_in"),
    ({"event": "loyalty.lookup", "customer": {"loyalty_id": "CANARY_9"}}, "loyalty.scanned"),
    ({"event": "register.closed", "register_id": "R1", "closed_at": "2026-11-20T20:00:00Z"}, "register.closed"),
]  # fmt: skip


async def tell(opened: OpenHouse, body: dict[str, Any], key: str) -> httpx.Response:
    return await opened.client.post(
        "/v1/events", json={"store_id": "STORE_123", **body}, headers={"authorization": f"Bearer {key}"}
    )


async def test_every_family_is_accepted_by_the_names_in_use_and_handled(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")

        answers = [await tell(opened, body, key) for body, _ in TOLD]

        assert [answer.status_code for answer in answers] == [202] * len(TOLD), [a.text for a in answers]
        assert [answer.json()["topic"] for answer in answers] == [topic for _, topic in TOLD]
        await opened.drain()
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'handled'") == len(TOLD)
        kept = await everything(opened)
        assert not [canary for canary in ("CANARY", "5550177", "555 0177", "canary@") if canary in kept]


async def test_an_event_told_twice_under_one_id_is_one_event(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        body = {"event": "inventory_level", "id": "n-1", "sku": "PROD_001", "available": 5}

        answers = [await tell(opened, body, key) for _ in range(2)]

        assert [answer.json()["outcome"] for answer in answers] == ["stored", "duplicate"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("subject", "Where is my parcel?"), ("ticket_id", "ada@example.com"), ("state", "hot")],
)
async def test_a_tickets_words_are_refused_at_the_edge(database_url: str, tmp_path: Path, field: str, value: str):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        key = await opened.key(Role.OPERATOR)
        body = {"event": "ticket.updated", "customer": CUSTOMER, "ticket_id": "T-1", "state": "open",
                "subject": "late_parcel", "opened_at": "2026-11-19T20:00:00Z", field: value}  # fmt: skip

        answer = await tell(opened, body, key)

        assert (answer.status_code, answer.json().get("field")) == (422, field)
        assert value not in answer.text


async def test_two_scans_without_an_id_or_a_time_are_two_events(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        body = {"event": "loyalty.scanned", "customer": {"loyalty_id": "CUST_456"}}

        answers = [await tell(opened, body, key) for _ in range(2)]

        assert [answer.json()["outcome"] for answer in answers] == ["stored", "stored"]


async def test_a_name_nobody_understands_is_parked_and_not_refused(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        key = await opened.key(Role.OPERATOR)

        answer = await tell(opened, {"event": "chargeback", "id": "1", "card": "+13035550177"}, key)

        assert (answer.status_code, answer.json()["outcome"]) == (202, "parked")
        assert await opened.count("SELECT count(*) FROM event WHERE state = 'parked'") == 1
        assert "5550177" not in await everything(opened)


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"event": "inventory_level", "sku": "PROD_001", "available": -1}, 422, "body.invalid"),
    ({"event": "inventory_level", "sku": "PROD_001", "available": 1, "avaliable": 2}, 422, "body.invalid"),
    ({"event": "inventory_level", "sku": "PROD_001"}, 422, "body.invalid"),
    ({"event": "inventory_level", "store_id": "NOWHERE", "sku": "P", "available": 1}, 404, "location.unknown"),
    ({"event": "inventory_level", "store_id": "STORE_NYC", "sku": "P", "available": 1}, 403,
     "access.outside_locations"),
    ({"event": "customer.updated", "customer": {"email": "[email protected]"}}, 422, "customer.unreadable"),
    ({"event": "customer.updated", "customer": {"payment": "4111 1111 1111 1111"}}, 422, "payment.card_number"),
    ({"event": "customer.updated", "customer": {"loyalty_id": "4111111111111111"}}, 422, "payment.card_number"),
    ({"event": "sale.create", "order_id": "1", "lines": [{**LINE, "price": "29.999"}], "total_amount": 1}, 422,
     "money.amount"),
    ({"event": 7}, 422, "body.invalid"),
]  # fmt: skip


async def test_what_cannot_be_taken_is_refused_with_the_field_at_fault(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")

        answers = [await tell(opened, body, key) for body, _, _ in WRONG]

        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (status, code) for _, status, code in WRONG
        ]
        assert not [answer for answer in answers if "4111" in answer.text]
        assert await opened.count("SELECT count(*) FROM event") == 0


async def test_only_registers_and_the_operator_tell_events(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        for role in (Role.ASSOCIATE, Role.MANAGER, Role.AUDITOR):
            assert (await tell(opened, TOLD[0][0], await opened.key(role))).status_code == 403

        nobody = await opened.client.post("/v1/events", json=TOLD[0][0])
        wrong = await tell(opened, TOLD[0][0], "th_wrong")

        assert [nobody.status_code, wrong.status_code] == [401, 401]
