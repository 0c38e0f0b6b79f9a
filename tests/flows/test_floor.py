"""`/console/floor`: who came in and agreed to it, what was decided for them, what helps, and what became of it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.actions.discount import Discount
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Role
from server.pos.offer import receipt_text
from tests.flows.filled_store import jeans
from tests.flows.floor_shop import (
    BO,
    DECISION,
    LOYALTY,
    NOBODY,
    OTHER,
    STORE,
    FloorShop,
    first,
    floor_shop,
    outcomes,
    serve,
)
from tests.flows.open_house import SAMPLE
from tests.unit.server.console.test_pages import token
from tools.scannable.image import as_svg

pytestmark = pytest.mark.anyio

SILENT = "Nothing is offered this time."


async def press(shop: FloorShop, page: str, kind: str, **changed: str) -> httpx.Response:
    """Tap one of the buttons of a page."""
    fields = dict(re.findall(r'name="(at|decision|event)" value="([^"]*)"', page))
    form = {"token": token(page), **fields, "kind": kind, **changed}
    return await shop.opened.client.post("/console/floor/outcomes", data=form)


async def square(shop: FloorShop) -> tuple[str, Discount]:
    """What should be held out to be scanned, as text, and the discount it repeats."""
    (row,) = await shop.opened.database.quick.rows(
        "SELECT id, facts FROM action WHERE starts_with(idempotency_key, 'visit:')"
    )
    discount = Discount.model_validate(row["facts"])
    return receipt_text(row["id"], discount, 0, shop.opened.house.secret.derive("scannable")), discount


async def scan(shop: FloorShop, transaction: str, store: str = STORE) -> dict[str, Any]:
    """A register scans it, with its goods in the basket."""
    scanned, discount = await square(shop)
    price = str(discount.base.decimal())
    body = {
        **SAMPLE,
        "store_id": store,
        "pos_transaction_id": transaction,
        "basket": [{"sku": discount.skus[0], "price": price, "quantity": 1}],
        "total_amount": price,
        "scanned": scanned,
    }
    told: dict[str, Any] = (await shop.opened.check_out(body, shop.register)).json()
    return told


async def test_who_checks_in_and_agrees_is_shown_with_the_offer_that_was_decided_for_it(
    database_url: str, tmp_path: Path
):
    async with floor_shop(database_url, tmp_path) as shop:
        unknown = await shop.look()
        await serve(shop)
        await shop.come(opted_in=False)
        shy = (await shop.look()).text
        await shop.come(by="wifi")
        floor, one = (await shop.look()).text, (await first(shop)).text
        (row,) = await shop.opened.database.quick.rows("SELECT id, facts FROM action")
        await shop.come(by="app")
        await shop.tell({"event": "loyalty.scanned", "customer": {"loyalty_id": "SOMEBODY_NEW"}})
        two = (await shop.look()).text
        newest = (await first(shop)).text

        assert (unknown.status_code, unknown.headers["location"]) == (303, "/console/")
        assert NOBODY in shy
        assert ("checked in with the WiFi, just now" in floor, "not told yet" in floor) == (True, True)
        assert ("Agreed to be recognized" in one, "Left in a cart" in one, "<svg" in one) == (True, True, True)
        assert (row["id"] in one, row["facts"]["code"] in one) == (True, True)
        assert (two.count('class="card'), "with the app" in two, "with the WiFi" in two) == (2, True, False)
        assert ("scanned their loyalty card" in newest, SILENT in newest) == (True, True)
        assert DECISION.search(newest) is None


async def test_what_is_looked_at_online_by_somebody_in_the_shop_leads_to_an_offer_there(
    database_url: str, tmp_path: Path
):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        new = "SOMEBODY_NEW"
        looks = {
            "event": "product.viewed",
            "customer": {"loyalty_id": new},
            "skus": [jeans(shop.opened.retailer.world)],
        }
        shop.register = await shop.opened.key(Role.OPERATOR)
        await shop.come(loyalty=new)
        before = (await first(shop)).text
        await shop.tell(looks, "ONLINE")
        after = (await first(shop)).text
        (made,) = await shop.opened.database.quick.rows("SELECT location_id AS place FROM action")

        assert (SILENT in before, DECISION.search(before)) == (True, None)
        assert DECISION.search(after)
        assert made["place"] == STORE


async def test_who_looks_online_and_came_in_long_ago_or_did_not_agree_is_offered_something_online(
    database_url: str, tmp_path: Path
):
    async with floor_shop(database_url, tmp_path) as shop:
        shop.register = await shop.opened.key(Role.OPERATOR)
        world = shop.opened.retailer.world
        await shop.come(loyalty="LEFT")
        await shop.come(loyalty="SHY", opted_in=False)
        shop.clock.skipped = timedelta(minutes=61)
        for who in ("LEFT", "SHY"):
            await shop.tell(
                {"event": "product.viewed", "customer": {"loyalty_id": who}, "skus": [jeans(world)]}, "ONLINE"
            )
        made = await shop.opened.database.quick.rows("SELECT location_id AS place FROM action")

        assert [row["place"] for row in made] == ["ONLINE", "ONLINE"]


async def test_who_came_in_is_there_for_an_hour(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        page = (await first(shop)).request.url.raw_path.decode()
        shop.clock.skipped = timedelta(minutes=59)
        still = await shop.look(page)
        shop.clock.skipped = timedelta(minutes=61)
        floor, gone = await shop.look(), await shop.look(page)

        assert (still.status_code, "59 min ago" in still.text) == (200, True)
        assert NOBODY in floor.text
        assert (gone.status_code, "Nobody who is here now came in with this." in gone.text) == (404, True)


async def test_the_same_tap_twice_is_one_outcome_and_the_opposite_of_what_was_told_is_refused(
    database_url: str, tmp_path: Path
):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        page = (await first(shop)).text
        taps = [await press(shop, page, kind) for kind in ("shown", "shown", "applied", "applied")]
        opposite = await press(shop, page, "dismissed")
        scanned = await scan(shop, "T-9")
        after = (await first(shop)).text
        told = await shop.opened.database.quick.rows(
            "SELECT kind, CAST(entry AS jsonb) -> 'body' ->> 'told_by' AS by FROM ledger "
            "WHERE kind IN ('shown', 'applied', 'dismissed') ORDER BY seq"
        )

        assert [tap.status_code for tap in taps] == [303] * 4
        assert "said=shown" in taps[0].headers["location"]
        assert (opposite.status_code, "that stands" in opposite.text) == (422, True)
        assert scanned["scan"]["code"] == "scan.used"
        assert await outcomes(shop) == ["applied", "shown"]
        assert [(row["kind"], row["by"]) for row in told] == [
            ("shown", f"the floor, {BO}"),
            ("applied", f"the floor, {BO}"),
        ]
        assert ("They took it." in after, DECISION.search(after)) == (True, None)


async def test_who_does_not_want_it_is_offered_nothing_more(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        await press(shop, (await first(shop)).text, "dismissed")
        await shop.come()
        after = (await first(shop)).text

        assert "They did not want it." in after
        assert ("<svg" in after, DECISION.search(after)) == (False, None)
        assert await shop.opened.count("SELECT count(*) FROM action") == 1


async def test_an_offer_ends_on_the_page_when_it_ends_at_the_till(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        page = (await first(shop)).text
        (row,) = await shop.opened.database.quick.rows("SELECT facts FROM action")
        until = datetime.fromisoformat(row["facts"]["valid_until"])
        shop.clock.skipped = until - datetime.now(UTC) + timedelta(seconds=1)
        late = await press(shop, page, "applied")
        after = (await first(shop)).text

        assert (late.status_code, "the till does not take it any more" in late.text) == (422, True)
        assert await outcomes(shop) == []
        assert ("This offer has ended." in after, "<svg" in after, DECISION.search(after)) == (True, False, None)


async def test_nothing_is_offered_while_a_complaint_waits_even_what_was_decided_before(
    database_url: str, tmp_path: Path
):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        ticket = {"ticket_id": "T-1", "state": "open", "subject": "late_parcel", "opened_at": "2026-11-19T20:00:00Z"}
        await shop.tell({"event": "ticket.updated", "customer": {"loyalty_id": LOYALTY}, **ticket})
        floor, one = (await shop.look()).text, (await first(shop)).text

        for page in (floor, one):
            assert "Nothing is offered while they wait for an answer to a complaint." in page
            assert "% off" not in page
        assert "Waits for an answer: late parcel" in one
        assert DECISION.search(one) is None


async def test_what_waits_for_a_manager_is_no_offer_yet(database_url: str, tmp_path: Path):
    limits = tmp_path / "limits.toml"
    told = DEFAULT_FILE.read_text(encoding="utf-8").replace("transaction_free = 5000", "transaction_free = 1")
    limits.write_text(told, encoding="utf-8")
    async with floor_shop(database_url, tmp_path, TILLHAND_LIMITS=str(limits)) as shop:
        await serve(shop)
        await shop.come()
        one = (await first(shop)).text

        assert "An offer waits for a manager" in one
        assert ("% off" in one, DECISION.search(one)) == (False, None)


async def test_what_is_shown_to_scan_is_good_once_and_in_this_shop_alone(database_url: str, tmp_path: Path):
    async with floor_shop(database_url, tmp_path) as shop:
        await serve(shop)
        await shop.come()
        one = (await first(shop)).text
        scanned, discount = await square(shop)
        elsewhere, here, again = [
            await scan(shop, transaction, store)
            for transaction, store in (("T-0", OTHER), ("T-1", STORE), ("T-2", STORE))
        ]

        assert as_svg(scanned).decode() in one
        assert elsewhere["scan"]["code"] == "scan.elsewhere"
        assert (here["scan"]["code"], here["offer"]["percent_off"]) == ("accepted", str(discount.percent).strip("%"))
        assert again["scan"]["code"] == "scan.used"
