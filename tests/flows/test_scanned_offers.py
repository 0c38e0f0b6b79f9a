"""A scanned offer passes the guard at the till, once; whatever is wrong with it is told, and the sale goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.vocabulary.actor import Role
from policies.vocabulary.percent import Percent
from tests.flows.open_house import SAMPLE, OpenHouse, open_house
from tools.scannable.token import ScannableOffer

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}
STORE = "STORE_123"


def scanned(opened: OpenHouse, *, sku: str = "PROD_001", bp: int = 1_000, days: float = 7, **more: Any) -> str:
    until = datetime.now(UTC) + timedelta(days=days)
    return ScannableOffer.drawn(sku, Percent(bp), until, **more).text(opened.house.secret.derive("scannable"))


async def scan(opened: OpenHouse, text: str, key: str, transaction: str = "TXN_1") -> dict[str, Any]:
    answer = await opened.check_out({**SAMPLE, "pos_transaction_id": transaction, "scanned": text}, key)
    assert answer.status_code == 200
    return answer.json()


async def test_a_scanned_offer_is_decided_by_the_guard_and_its_code_made(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        told = await scan(opened, scanned(opened), await opened.key(Role.REGISTER, STORE))
        await opened.house.background.close()
        assert told["status"] == "offered"
        assert told["scan"] == {"code": "accepted", "message": None}
        assert (told["offer"]["skus"], told["offer"]["percent_off"]) == (["PROD_001"], "10")
        assert told["offer"]["amount_off"] == "3.00"
        assert told["discount_code"] in {one.code for one in opened.retailer.world.discounts.values()}
        assert await opened.count("SELECT count(*) FROM ledger WHERE kind = 'decision'") == 1


async def test_it_is_good_for_one_sale_and_asked_again_gives_the_same_answer(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key, text = await opened.key(Role.REGISTER, STORE), scanned(opened)
        first = await scan(opened, text, key)
        again = await scan(opened, text, key)
        other = await scan(opened, text, key, "TXN_2")
        assert (again["discount_code"], again["decision_id"]) == (first["discount_code"], first["decision_id"])
        assert other["scan"]["code"] == "scan.used"
        assert other["discount_code"] != first["discount_code"]
        assert await opened.count("SELECT count(*) FROM action WHERE idempotency_key LIKE 'scan:%'") == 1


async def test_a_sale_that_was_given_an_offer_gets_no_second_one_by_a_scan_and_one_scanned_first_gets_no_other(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, STORE)
        first = (await opened.check_out({**SAMPLE, "pos_transaction_id": "TXN_1"}, key)).json()
        assert first["status"] == "offered"
        second = await scan(opened, scanned(opened), key)
        assert (second["scan"]["code"], second["discount_code"]) == ("scan.not_now", first["discount_code"])
        next_sale = scanned(opened)
        taken = await scan(opened, next_sale, key, "TXN_2")
        assert taken["scan"]["code"] == "accepted"
        again = (await opened.check_out({**SAMPLE, "pos_transaction_id": "TXN_2"}, key)).json()
        assert (again["status"], again["discount_code"]) == ("silent", None)
        assert (await scan(opened, next_sale, key, "TXN_2"))["discount_code"] == taken["discount_code"]
        assert (await scan(opened, scanned(opened), key, "TXN_2"))["scan"]["code"] == "scan.not_now"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"days": -0.01}, "scan.expired"),
        ({"location": "STORE_456"}, "scan.elsewhere"),
        ({"sku": "PROD_002"}, "scan.not_in_basket"),
    ],
)
async def test_what_is_wrong_with_it_is_told_and_the_sale_goes_on(
    database_url: str, tmp_path: Path, changed: dict[str, Any], code: str
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        told = await scan(opened, scanned(opened, **changed), await opened.key(Role.REGISTER, STORE))
        assert told["scan"]["code"] == code
        assert told["scan"]["message"]
        assert told["status"] in {"offered", "silent"}


async def test_a_forged_one_is_refused_and_one_beyond_a_cap_is_not_given(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, STORE)
        forged = await scan(opened, scanned(opened)[:-2] + "xx", key)
        assert forged["scan"]["code"] == "scan.unknown"
        greedy = await scan(opened, scanned(opened, bp=3_001), key, "TXN_9")
        assert greedy["scan"]["code"] == "scan.not_now"
        assert greedy["discount_code"] is None


async def test_without_a_scan_the_answer_says_nothing_of_one(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        answer = await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, STORE))
        assert "scan" not in answer.json()
