"""`/v1/checkout`: basket in, offer out, decided by the guard, in time or silent."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Door, Role
from tests.flows.open_house import SAMPLE, open_house
from tests.flows.test_webhook_receive import everything

pytestmark = pytest.mark.anyio

VERBATIM = Path(__file__).parents[3] / "shared" / "specs" / "till" / "checkout_started.request.json"
PATIENT: dict[str, Any] = {"TILLHAND_CHECKOUT_MS": "5000"}  # a test machine under load is not a till


def basket(**changed: Any) -> dict[str, Any]:
    return {**SAMPLE, **changed}


async def test_the_sample_request_is_accepted_verbatim_and_answered_with_both_fields(database_url: str, tmp_path: Path):
    if not VERBATIM.exists():
        pytest.skip("the shared specifications are not here")
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        answer = await opened.check_out(
            VERBATIM.read_text(encoding="utf-8"), await opened.key(Role.REGISTER, "STORE_123")
        )

        told = answer.json()
        assert answer.status_code == 200
        assert told["status"] == "offered"
        assert told["discount_code"].startswith("TH")
        assert f"{told['offer']['percent_off']}%" in told["personalized_message"]
        assert told["partial"] is False


async def test_the_code_exists_on_the_platform_at_once_and_takes_off_what_was_promised(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        told = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()
        await opened.house.background.close()

        world, offer = opened.retailer.world, told["offer"]
        found = [one for one in world.discounts.values() if one.code == told["discount_code"]]
        assert [(one.platform, one.usage_limit, one.active) for one in found] == [("shopify", 1, True)]
        assert found[0].skus == tuple(offer["skus"])
        assert found[0].amount == Decimal(offer["amount_off"]) * 100
        assert await opened.count("SELECT count(*) FROM action WHERE state = 'executed'") == 1


async def test_asking_again_about_the_same_transaction_gives_the_same_answer_and_one_code(
    database_url: str, tmp_path: Path
):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        before = len(opened.retailer.world.discounts)

        answers = [(await opened.check_out(SAMPLE, key)).json() for _ in range(3)]
        answers += [told.json() for told in await asyncio.gather(*(opened.check_out(SAMPLE, key) for _ in range(4)))]
        await opened.house.background.close()

        same = {(told["discount_code"], told["personalized_message"], told["decision_id"]) for told in answers}
        assert len(same) == 1
        assert len(opened.retailer.world.discounts) == before + 1


async def test_raw_identifiers_of_a_basket_are_kept_nowhere(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        customer = {"loyalty_id": "CANARY_77", "email": "canary77@example.com", "phone": "+13035550177"}
        answer = await opened.check_out(basket(customer=customer), await opened.key(Role.REGISTER, "STORE_123"))
        await opened.house.background.close()
        await opened.house.inbox.close()

        kept = await everything(opened)

        assert answer.status_code == 200
        assert (
            await opened.count("SELECT count(*) FROM event WHERE topic = 'checkout.started' AND state = 'handled'") == 1
        )
        assert not [canary for canary in ("CANARY_77", "canary77", "5550177") if canary in kept]


async def test_the_total_must_be_right_to_the_cent(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        answers = {
            total: await opened.check_out(json.dumps(basket(total_amount="?")).replace('"?"', total), key)
            for total in ("29.99", "29.990", "29.98", "30.00")
        }

        assert {total: answer.status_code for total, answer in answers.items()} == {
            "29.99": 200,
            "29.990": 200,
            "29.98": 422,
            "30.00": 422,
        }
        assert answers["29.98"].json()["code"] == answers["30.00"].json()["code"] == "checkout.total"


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"store_id": "NOWHERE"}, 404, "location.unknown"),
    ({"store_id": "STORE_NYC"}, 403, "access.outside_locations"),
    ({"basket": [{"sku": "NOPE", "price": 29.99, "quantity": 1}]}, 422, "sku.unknown"),
    ({"basket": [], "total_amount": 0}, 422, "body.invalid"),
    ({"basket": [{"sku": "PROD_001", "price": -1, "quantity": 1}]}, 422, "body.invalid"),
    ({"basket": [{"sku": "PROD_001", "price": 29.99, "quantity": 0}]}, 422, "body.invalid"),
    ({"basket": [{"sku": "PROD_001", "price": 29.99, "quantity": 1.5}]}, 422, "body.invalid"),
    ({"basket": [{"sku": "PROD_001", "price": 29.999, "quantity": 1}]}, 422, "money.amount"),
    ({"customer": {"payment": "4111 1111 1111 1111"}}, 422, "payment.card_number"),
    ({"customer": {"email": "4111111111111111"}}, 422, "payment.card_number"),
    ({"pos_transaction_id": ""}, 422, "body.invalid"),
    ({"event": "order.created"}, 422, "body.invalid"),
    ({"discount": 5}, 422, "body.invalid"),
]


async def test_a_basket_that_cannot_be_right_is_refused_with_what_to_do(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")

        answers = [await opened.check_out(basket(**changed), key) for changed, _, _ in WRONG]

        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (status, code) for _, status, code in WRONG
        ]
        assert not [answer for answer in answers if "4111" in answer.text]
        assert await opened.count("SELECT count(*) FROM action") == 0


async def test_a_line_that_is_not_in_the_catalog_costs_the_others_no_offer(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        alone = (await opened.check_out(SAMPLE, key)).json()
        lines = [{"sku": "GIFT-CARD", "price": 25, "quantity": 1}, *SAMPLE["basket"]]
        beside = await opened.check_out(basket(basket=lines, total_amount=54.99, pos_transaction_id="TXN_2"), key)

        assert (beside.status_code, beside.json()["status"]) == (200, "offered")
        assert beside.json()["offer"]["skus"] == alone["offer"]["skus"]
        short = await opened.check_out(basket(basket=lines, pos_transaction_id="TXN_3"), key)
        assert short.json()["code"] == "checkout.total"  # it counts in the total


async def test_an_unreadable_identifier_counts_as_missing(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        strange = {"email": "[email protected]", "phone": "call me", "loyalty_id": " "}

        answer = await opened.check_out(basket(customer=strange), key)

        assert (answer.status_code, answer.json()["status"]) == (200, "offered")


async def test_being_late_is_silence_and_not_an_error(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, TILLHAND_CHECKOUT_MS="10") as opened:
        answer = await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))

        told = answer.json()
        assert answer.status_code == 200
        assert (told["status"], told["discount_code"], told["partial"]) == ("silent", None, True)


async def test_while_agents_are_stopped_registers_get_silence(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, **PATIENT) as opened:
        opened.house.settings.stop_file.touch()

        told = (await opened.check_out(SAMPLE, await opened.key(Role.REGISTER, "STORE_123"))).json()

        assert (told["status"], told["partial"]) == ("silent", True)


async def test_an_offer_that_needs_a_manager_gives_no_code_until_one_says_yes(database_url: str, tmp_path: Path):
    strict = tmp_path / "limits.toml"
    strict.write_text(
        DEFAULT_FILE.read_text(encoding="utf-8").replace("transaction_free = 5000", "transaction_free = 1"),
        encoding="utf-8",
    )
    async with open_house(database_url, tmp_path, TILLHAND_LIMITS=str(strict), **PATIENT) as opened:
        key = await opened.key(Role.REGISTER, "STORE_123")
        first = (await opened.check_out(SAMPLE, key)).json()
        manager = await opened.house.bearers.of_key(await opened.key(Role.MANAGER), Door.CONSOLE)
        await opened.house.guard.answer(manager, first["approval_id"], approve=True)

        then = (await opened.check_out(SAMPLE, key)).json()

        assert (first["status"], first["discount_code"], first["personalized_message"]) == (
            "waiting_for_manager",
            None,
            None,
        )
        assert (then["status"], then["decision_id"]) == ("offered", first["decision_id"])
        assert then["discount_code"]


async def test_only_a_registers_key_checks_out(database_url: str, tmp_path: Path):
    async with open_house(database_url, tmp_path, filled=False) as opened:
        for role in (Role.ASSOCIATE, Role.MANAGER, Role.OPERATOR):
            answer = await opened.check_out(SAMPLE, await opened.key(role))
            assert (answer.status_code, answer.json()["code"]) == (403, "access.role")
