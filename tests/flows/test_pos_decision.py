"""`/pos/v1/decision`: every state of a basket has its answer, the newest one counts, and a till never gets an error."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from knowledge.offers.turns import TURNS
from knowledge.store.tables import companion
from policies.ladder import Rung
from tests.flows.filled_store import TEE, jeans
from tests.flows.pos_shop import ADA, PIN, STORE, PosShop, pos_shop
from tools.ladder.evidence import track_record

pytestmark = pytest.mark.anyio


def nothing_goes_with(shop: PosShop) -> str:
    """A variant that nothing was ever bought with."""
    known = {TEE, jeans(shop.opened.retailer.world)}
    return max(set(shop.opened.retailer.world.variants) - known)


async def another_pair(shop: PosShop) -> tuple[str, str]:
    """Two more variants that are bought together again and again; the second is worth offering with the first."""
    world = shop.opened.retailer.world
    free = [one for one in world.variants.values() if one.sku not in {TEE, jeans(world)} and one.price <= 15_000]
    goes = max((one for one in free if one.cost), key=lambda one: (one.price - (one.cost or 0), one.sku)).sku
    with_it = min(one.sku for one in free if one.sku != goes)
    pairs = [(with_it, goes, 90), (goes, with_it, 90), (with_it, with_it, 100), (goes, goes, 100)]
    rows = [{"sku": sku, "other": other, "together": count, "lift": 50_000} for sku, other, count in pairs]
    async with shop.opened.database.transaction() as connection:
        counted = (await connection.execute(text("SELECT max(counted_at) FROM companion"))).scalar_one()
        await connection.execute(insert(companion), [{**row, "counted_at": counted} for row in rows])
    return with_it, goes


async def test_a_basket_is_answered_with_an_offer_its_words_and_a_code_that_is_made(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        told = await shop.sell_tee()

        assert (told["status"], told["revision"], told["why"]) == ("offered", 1, None)
        offer = told["offer"]
        world = shop.opened.retailer.world
        assert offer["goods"] == [jeans(world)]
        assert offer["variants"] == [str(world.variants[jeans(world)].shopify_variant_id)]
        assert f"{offer['percent']}%" in offer["words"]
        assert (offer["in_basket"], offer["applied"]) == (False, False)
        assert await shop.codes() == [offer["code"]]


async def test_the_same_state_again_is_the_same_answer_and_one_code(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        first = await shop.sell_tee()
        calls = (shop.till.ask("decision", shop.till.state()) for _ in range(4))
        again = [answer.json() for answer in await asyncio.gather(*calls)]

        same = {(told["decision"], told["offer"]["code"], told["offer"]["words"]) for told in [first, *again]}
        assert len(same) == 1
        assert len(await shop.codes()) == 1


async def test_an_offer_stands_while_the_basket_grows_and_when_its_goods_are_put_in(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        first = await shop.sell_tee()
        shop.till.cart.lines = [(TEE, 2)]
        grown = await shop.till.decide()
        shop.till.cart.lines = [(TEE, 2), (first["offer"]["goods"][0], 1)]
        put_in = await shop.till.decide()

        assert {told["decision"] for told in (first, grown, put_in)} == {first["decision"]}
        assert (put_in["status"], put_in["offer"]["in_basket"]) == ("offered", True)
        assert len(await shop.codes()) == 1


async def test_what_comes_late_about_an_older_state_is_silence(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        shop.till.begin([(TEE, 1)])
        late = shop.till.state(revision=4)
        newest = (await shop.till.ask("decision", shop.till.state(revision=5))).json()
        told = (await shop.till.ask("decision", late)).json()

        assert newest["status"] == "offered"
        assert (told["status"], told["why"]["code"]) == ("silent", "basket.overtaken")
        assert await shop.opened.count("SELECT count(*) FROM action") == 1


async def test_of_states_told_at_once_only_the_newest_may_leave_a_question_open(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        shop.till.begin([(TEE, 1)])
        states = [shop.till.state(revision=number) for number in range(1, 7)]
        answers = [
            answer.json() for answer in await asyncio.gather(*(shop.till.ask("decision", one) for one in states))
        ]

        assert {told["status"] for told in answers} <= {"waiting_for_manager", "silent"}
        assert await shop.opened.count("SELECT count(*) FROM approval WHERE state = 'waiting'") <= 1
        newest = (await shop.till.ask("decision", states[-1])).json()
        assert newest["status"] == "waiting_for_manager"
        assert await shop.opened.count("SELECT count(*) FROM approval WHERE state = 'waiting'") == 1


async def test_a_number_used_for_another_state_is_told_so(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        await shop.sell_tee()
        shop.till.cart.lines = [(TEE, 3)]
        told = (await shop.till.ask("decision", shop.till.state())).json()
        assert (told["status"], told["why"]["code"]) == ("silent", "basket.revision")


async def test_nobody_is_asked_any_more_about_a_basket_that_is_no_more(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        first = await shop.sell_tee()
        other = jeans(shop.opened.retailer.world)
        shop.till.cart.lines = [(other, 1)]  # what waits is for this
        put_in = await shop.till.decide()
        shop.till.cart.lines = [(nothing_goes_with(shop), 1)]
        silent = await shop.till.decide()

        assert (first["status"], put_in["decision"]) == ("waiting_for_manager", first["decision"])
        assert (silent["status"], silent["why"]) == ("silent", None)
        assert await shop.opened.count("SELECT count(*) FROM approval WHERE state = 'waiting'") == 0
        assert await shop.opened.count("SELECT count(*) FROM action WHERE state = 'rejected'") == 1
        assert await shop.opened.count("SELECT sum(total) FROM promise") == 0
        late = await shop.till.approve(first["decision"], ADA, PIN)
        assert (late["approved"], late["why"]["code"]) == (False, "approval.answered")


async def test_another_offer_takes_the_place_of_the_one_that_waits(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        with_it, goes = await another_pair(shop)
        first = await shop.sell_tee()
        first_goods = [jeans(shop.opened.retailer.world)]
        shop.till.cart.lines = [(with_it, 1)]
        second = await shop.till.decide()

        assert (first["status"], second["status"]) == ("waiting_for_manager", "waiting_for_manager")
        rows = await shop.opened.database.quick.rows(
            "SELECT id, state, supersedes, facts FROM action ORDER BY created_at"
        )
        assert [(row["id"], row["state"]) for row in rows] == [
            (first["decision"], "rejected"),
            (second["decision"], "waiting"),
        ]
        assert (rows[1]["supersedes"], rows[1]["facts"]["skus"]) == (first["decision"], [goes])
        kept = "SELECT total FROM promise WHERE scope = 'transaction'"
        assert await shop.opened.count(kept) == rows[1]["facts"]["amount"]["minor"]  # and not of both
        async with shop.opened.database.reading() as connection:
            span = {"since": datetime.now(UTC) - timedelta(hours=1), "until": datetime.now(UTC) + timedelta(hours=1)}
            turns = (await connection.execute(text(f"WITH {TURNS} SELECT sku FROM turn"), span)).scalars().all()  # noqa: S608  # our own text
            record = await track_record(connection, shop.opened.house.engine, "discount", STORE, Rung.AUTO, since=None)
        assert turns == first_goods  # a growing basket is one occasion, and its first offer is what it was about
        assert (record.decisions, record.judged) == (2, 0)  # what its own proposer took back, nobody judged


async def test_one_sale_gets_no_second_offer_once_one_was_applied_and_none_once_one_was_declined(
    database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path) as shop:
        first = await shop.sell_tee()
        shop.till.note("applied", first["decision"])
        await shop.till.flush()
        shop.till.cart.lines = [(nothing_goes_with(shop), 1)]
        after = await shop.till.decide()
        assert (after["decision"], after["offer"]["applied"]) == (first["decision"], True)

        other = await shop.sell_tee()
        shop.till.note("dismissed", other["decision"])
        await shop.till.flush()
        shop.till.cart.lines = [(TEE, 5)]
        declined = await shop.till.decide()
        assert (declined["status"], declined["why"]["code"]) == ("silent", "offer.dismissed")
        assert len(await shop.codes()) == 2


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"lines": []}, "basket.empty"),
    ({"lines": [{"variant": "99", "quantity": 1, "price": "29.99"}]}, "sku.unknown"),
    ({"lines": [{"sku": "NOPE", "quantity": 1, "price": "29.99"}]}, "sku.unknown"),
    ({"lines": [{"sku": TEE, "quantity": 1, "price": "-29.99"}], "subtotal": "-29.99"}, "basket.amount"),
    ({"lines": [{"sku": TEE, "quantity": -1, "price": "29.99"}]}, "basket.amount"),
    ({"lines": [{"sku": TEE, "quantity": 0, "price": "29.99"}]}, "basket.amount"),
    ({"lines": [{"sku": TEE, "quantity": 1, "price": "a lot"}]}, "basket.amount"),
    ({"lines": [{"sku": TEE, "quantity": 1, "price": "1e400"}]}, "basket.amount"),
    ({"lines": [{"sku": TEE, "quantity": 1, "price": "29.999"}]}, "money.amount"),
    ({"currency": "EUR"}, "basket.currency"),
    ({"subtotal": "29.98"}, "checkout.total"),
    ({"subtotal": "30.00"}, "checkout.total"),
    ({"lines": [{"quantity": 1, "price": "29.99"}]}, "basket.empty"),
]


async def test_a_basket_that_cannot_be_right_is_silence_with_a_reason(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        for changed, code in WRONG:
            shop.till.begin([(TEE, 1)])
            answer = await shop.till.ask("decision", {**shop.till.state(revision=1, subtotal="29.99"), **changed})

            told = answer.json()
            assert (answer.status_code, told["status"], told["offer"]) == (200, "silent", None), code
            assert told["why"]["code"] == code
        assert await shop.opened.count("SELECT count(*) FROM action") == 0


async def test_a_custom_sale_counts_in_the_total_and_an_unknown_customer_is_a_stranger(
    database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path) as shop:
        shop.till.begin([(TEE, 1)], customer=123456789)
        state = shop.till.state(revision=1)
        state["lines"].append({"quantity": 2, "price": "5.00"})
        told = (await shop.till.ask("decision", {**state, "subtotal": "39.99"})).json()
        assert (told["status"], told["receipt"]) == ("offered", "")  # nothing is promised on receipts by default


@pytest.mark.parametrize("unknown", [{"sku": "NOPE"}, {"variant": "99"}, {"variant": "99", "sku": TEE}])
async def test_a_line_that_is_not_in_the_catalog_costs_the_others_no_offer(
    database_url: str, tmp_path: Path, unknown: dict[str, str]
):
    async with pos_shop(database_url, tmp_path) as shop:
        shop.till.begin([(TEE, 1)])
        state = shop.till.state(revision=1)
        state["lines"].insert(0, {**unknown, "quantity": 1, "price": "10.00"})
        told = (await shop.till.ask("decision", {**state, "subtotal": "39.99"})).json()
        assert (told["status"], told["why"]) == ("offered", None)


async def test_a_scanned_code_that_is_none_of_ours_or_was_used_is_told_beside_the_answer(
    database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path, TILLHAND_RECEIPT_DAYS="14") as shop:
        first = await shop.sell_tee()
        assert first["receipt"].startswith("TH1.")
        shop.till.begin([(first["offer"]["goods"][0], 1)])
        used = await shop.till.decide(scanned=first["receipt"])
        assert (used["scan"]["code"], used["status"]) == ("accepted", "offered")
        assert used["offer"]["percent"] == first["offer"]["percent"]
        shop.till.begin([(first["offer"]["goods"][0], 1)])
        again = await shop.till.decide(scanned=first["receipt"])
        strange = await shop.sell_tee()
        told = await shop.till.decide(scanned="4006381333931")
        assert again["scan"]["code"] == "scan.used"
        assert (told["scan"]["code"], told["decision"]) == ("scan.unknown", strange["decision"])


async def test_a_scan_adds_nothing_to_an_offer_that_was_applied_and_is_nothing_for_who_declined(
    database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path, TILLHAND_RECEIPT_DAYS="14") as shop:
        printed = [(await shop.sell_tee()) for _ in range(2)]
        goods = printed[0]["offer"]["goods"][0]
        taken = await shop.sell_tee((goods, 1))
        applied = await shop.sell_tee()
        shop.till.note("applied", applied["decision"])
        await shop.till.flush()
        shop.till.cart.lines = [(TEE, 1), (goods, 1)]
        second = await shop.till.decide(scanned=printed[0]["receipt"])
        assert taken["status"] in {"offered", "silent"}
        assert (second["scan"]["code"], second["decision"]) == ("scan.not_now", applied["decision"])
        assert second["scan"]["message"]

        declined = await shop.sell_tee()
        shop.till.note("dismissed", declined["decision"])
        await shop.till.flush()
        shop.till.cart.lines = [(TEE, 1), (goods, 1)]
        refused = await shop.till.decide(scanned=printed[0]["receipt"])
        assert (refused["status"], refused["scan"]["code"]) == ("silent", "scan.not_now")

        shop.till.begin([(goods, 1)])
        scanned = await shop.till.decide(scanned=printed[0]["receipt"])
        shop.till.note("applied", scanned["decision"])
        await shop.till.flush()
        again = await shop.till.decide(scanned=printed[0]["receipt"])  # the same one is no second one
        other = await shop.till.decide(scanned=printed[1]["receipt"])
        assert (again["scan"]["code"], again["offer"]["code"]) == ("accepted", scanned["offer"]["code"])
        assert (other["scan"]["code"], other["decision"]) == ("scan.not_now", scanned["decision"])
        rows = "SELECT count(*) FROM action WHERE idempotency_key LIKE 'scan:%'"
        assert await shop.opened.count(rows) == 1


async def test_an_offer_that_was_applied_counts_however_long_the_sale_goes_on(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        first = await shop.sell_tee()
        shop.till.note("applied", first["decision"])
        await shop.till.flush()
        await end_offers(shop)
        shop.till.cart.lines = [(TEE, 2)]
        after = await shop.till.decide()
        assert (after["decision"], after["offer"]["applied"]) == (first["decision"], True)

        unused = await shop.sell_tee()
        await end_offers(shop)
        shop.till.cart.lines = [(TEE, 2)]
        assert (await shop.till.decide())["decision"] != unused["decision"]


async def end_offers(shop: PosShop) -> None:
    """The half hour that codes last is over."""
    ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    async with shop.opened.database.transaction() as connection:
        await connection.execute(
            text("UPDATE action SET facts = jsonb_set(facts, '{valid_until}', to_jsonb(CAST(:at AS text)))"),
            {"at": ended},
        )


async def test_waiting_for_ones_turn_counts_in_the_deadline(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, TILLHAND_CHECKOUT_MS="1500") as shop:
        desk = shop.opened.house.offers
        begun = asyncio.Event()

        async def hangs(*_: Any, **__: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        desk.for_basket = hangs  # pyright: ignore[reportAttributeAccessIssue]  # a store that hangs for all of them
        shop.till.begin([(TEE, 1)])
        state = shop.till.state(revision=1)
        loop = asyncio.get_running_loop()
        first = asyncio.create_task(shop.till.ask("decision", state))
        await begun.wait()
        since = loop.time()
        same = await asyncio.gather(*(shop.till.ask("decision", state) for _ in range(4)))
        took = loop.time() - since
        assert [(told["status"], told["partial"]) for told in (answer.json() for answer in (*same, await first))] == [
            ("silent", True)
        ] * 5
        assert took < 2 * 1.5  # one after the other, it would be four deadlines
