"""What a register says became of its offers: late, in any order, and often, and each settled once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, text

from knowledge.store.tables import daily_sale
from policies.vocabulary.actor import Role
from tests.flows.pos_shop import STORE, PosShop, pos_shop

pytestmark = pytest.mark.anyio


async def settled(shop: PosShop) -> list[tuple[str, str]]:
    """Offers and what became of them, as the store has it and as the ledger has it: the same."""
    quick = shop.opened.database.quick
    rows = await quick.rows("SELECT action_id, kind FROM outcome ORDER BY action_id, kind")
    told = await quick.rows(
        "SELECT action_id, kind FROM ledger WHERE kind IN ('shown', 'applied', 'dismissed', 'redeemed')"
        " ORDER BY action_id, kind"
    )
    assert rows == told
    return [(row["action_id"], row["kind"]) for row in rows]


async def tell(shop: PosShop, *outcomes: Any) -> list[dict[str, Any]]:
    answer = await shop.till.ask("outcome", {"outcomes": list(outcomes)})
    assert answer.status_code == 200
    return answer.json()["results"]


async def test_told_again_it_is_the_same_answer_and_nothing_is_added(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        offer = await shop.sell_tee()
        told = shop.till.note("shown", offer["decision"])
        first, again = await tell(shop, told), await tell(shop, told, {**told, "id": "another-name"})
        assert first == [{"id": told["id"], "result": "settled", "why": None}]
        assert again == [*first, {"id": "another-name", "result": "settled", "why": None}]
        assert await settled(shop) == [(offer["decision"], "shown")]


async def test_after_a_time_without_a_line_everything_is_told_at_once_and_settled_once(
    database_url: str, tmp_path: Path
):
    async with pos_shop(database_url, tmp_path) as shop:
        offers = [await shop.sell_tee() for _ in range(3)]
        shop.till.online = False
        with pytest.raises(httpx.ConnectError):
            await shop.till.decide()
        for number, offer in enumerate(offers):
            shop.till.note("shown", offer["decision"])
            shop.till.note("applied", offer["decision"])
            shop.till.note("redeemed", offer["decision"], order=str(7_000 + number))
        kept = list(shop.till.outbox)
        Random(3).shuffle(shop.till.outbox)
        assert await shop.till.flush() == []
        shop.till.online = True
        results = await shop.till.flush()
        shop.till.outbox = kept  # the answer did not arrive, so it is told again
        again = await shop.till.flush()

        assert {each["result"] for each in (*results, *again)} == {"settled"}
        assert [each["id"] for each in again] == [each["id"] for each in kept]
        known = sorted((offer["decision"], kind) for offer in offers for kind in ("applied", "redeemed", "shown"))
        assert await settled(shop) == known
        assert shop.till.outbox == []


async def test_what_is_not_known_or_not_readable_is_told_so_and_holds_nothing_back(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        offer = await shop.sell_tee()
        at = datetime.now(UTC).isoformat()
        good = shop.till.note("shown", offer["decision"])
        strange: list[Any] = [
            {"id": "a", "kind": "shown", "decision": "act_" + "0" * 32, "at": at},
            {"id": "b", "kind": "redeemed", "code": "THNOTOURS", "at": at},
            {"id": "c", "kind": "shown", "at": at},
            {"id": "d", "kind": "sold", "decision": offer["decision"], "at": at},
            {"id": "e", "kind": "shown", "decision": offer["decision"], "at": "yesterday"},
            {"id": "f", "kind": "shown", "decision": offer["decision"], "at": "2026-11-23T10:00:00"},
            "g",
            {"id": 7},
            {"id": "h\ud800", "kind": "shown", "decision": offer["decision"], "at": at},
            {"id": "i", "kind": "shown", "decision": "\ud800", "at": at},
        ]
        results = await tell(shop, *strange[:4], good, *strange[4:])
        assert [(each["id"], each["result"]) for each in results] == [
            ("a", "unknown"),
            ("b", "unknown"),
            ("c", "unknown"),
            ("d", "refused"),
            (good["id"], "settled"),
            ("e", "refused"),
            ("f", "refused"),
            ("", "refused"),
            ("", "refused"),
            ("h?", "refused"),
            ("i", "refused"),
        ]
        assert await settled(shop) == [(offer["decision"], "shown")]
        for count, status in ((0, 422), (1, 200), (100, 200), (101, 422)):
            answer = await shop.till.ask("outcome", {"outcomes": [good] * count})
            assert answer.status_code == status, count


async def test_a_register_tells_of_its_own_locations_offers_alone(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        offer = await shop.sell_tee()
        async with shop.opened.database.transaction() as connection:
            await connection.execute(text("UPDATE action SET location_id = 'STORE_NYC'"))
        (result,) = await tell(shop, shop.till.note("applied", offer["decision"]))
        assert (result["result"], result["why"]["code"]) == ("unknown", "outcome.unknown")


async def test_what_was_used_after_its_time_or_without_a_yes_is_kept_and_flagged(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path, strict=True) as shop:
        offer = await shop.sell_tee()
        late = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        async with shop.opened.database.transaction() as connection:
            await connection.execute(
                text("UPDATE action SET facts = jsonb_set(facts, '{valid_until}', to_jsonb(CAST(:at AS text)))"),
                {"at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()},
            )
        await tell(shop, shop.till.note("redeemed", offer["decision"], at=late))
        rows = await shop.opened.database.quick.rows("SELECT flags FROM outcome")
        assert rows == [{"flags": ["late", "not_allowed"]}]


async def test_when_it_happened_is_never_later_than_now_nor_long_before(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        now = datetime.now(UTC)
        days = (now - timedelta(days=29), now - timedelta(days=31))
        said = [*(day.isoformat() for day in days), "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
        offers = [await shop.sell_tee() for _ in said]
        told = [shop.till.note("shown", offer["decision"], at=at) for offer, at in zip(offers, said, strict=True)]
        assert {each["result"] for each in await tell(shop, *told)} == {"settled"}
        rows = await shop.opened.database.quick.rows(
            "SELECT action_id, extract(epoch FROM at - recorded_at) AS ago FROM outcome"
        )
        ago = {row["action_id"]: timedelta(seconds=float(row["ago"])) for row in rows}
        kept = [ago[offer["decision"]] for offer in offers]
        assert timedelta(days=-29, seconds=-60) < kept[0] <= timedelta(days=-29)
        assert kept[1:] == [timedelta(days=-30), timedelta(days=-30), timedelta(0)]


async def test_an_offer_handed_over_beforehand_is_settled_by_its_code(database_url: str, tmp_path: Path):
    async with pos_shop(database_url, tmp_path) as shop:
        async with shop.opened.database.transaction() as connection:
            skus = (await connection.execute(text("SELECT sku FROM variant ORDER BY sku"))).scalars().all()
            day = datetime.now(UTC).date().isoformat()
            rows = [{"sku": sku, "location_id": STORE, "day": day, "units": 3} for sku in skus]
            await connection.execute(insert(daily_sale), rows)
        key = await shop.opened.key(Role.REGISTER, STORE)
        handed = await shop.opened.client.post(
            "/v1/offline",
            json={"store_id": STORE, "register_id": "T1"},
            headers={"authorization": f"Bearer {key}"},
        )
        code = handed.json()["batch"]["offers"][0]["discount_code"]
        told = [shop.till.note("redeemed", code=code, order="8001") for _ in range(2)]
        assert [each["result"] for each in await tell(shop, *told)] == ["settled", "settled"]
        assert [kind for _, kind in await settled(shop)] == ["redeemed"]
