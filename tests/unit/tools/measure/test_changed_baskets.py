"""Of a basket that changes, the first state that counts is measured, held out or not."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from knowledge.offers.drawing import Withheld
from knowledge.offers.turns import MET, TURNS
from knowledge.store.session import Database
from knowledge.store.tables import action, purchase
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId
from tests.flows.filled_store import TEE
from tests.flows.pos_shop import pos_shop
from tests.flows.test_pos_decision import another_pair
from tests.small_chain import FIRST
from tests.unit.tools.measure.past import NOW, ledger_kinds
from tools.measure.policy import propensity
from tools.withheld import keep_withheld

pytestmark = pytest.mark.anyio

AT = NOW - timedelta(days=10)
ARMS: dict[str, list[tuple[str, int]]] = {
    "worth": [("silence", 0), ("beside", 500), ("lead", 9_500)],
    "worth to a stranger": [("silence", 500), ("beside", 500), ("lead", 9_000)],
    "perhaps": [("silence", 9_500), ("tried", 500)],
}
State = tuple[str, str]  # what is possible, and the goods it would be


async def told(database: Database, since: datetime = AT) -> list[tuple[str, str | None, str, bool]]:
    """Occasion, customer, goods and arm of every turn."""
    span = {"since": since, "until": NOW}
    async with database.reading() as connection:
        rows = await connection.execute(text(f"WITH {TURNS} SELECT * FROM turn ORDER BY occasion"), span)  # noqa: S608  # our own text
        return [(row.occasion, row.customer_ref, row.choice["sku"], row.made) for row in rows]


async def happens(  # noqa: PLR0913  # an occasion, and how it goes
    database: Database,
    occasion: str,
    states: list[State],
    *,
    number: int,
    held_out: bool = False,
    customers: list[str | None] | None = None,
    begins: datetime = AT,
) -> None:
    """A basket goes through these states, each drawn and kept as the product does it."""
    for place, (possible, sku) in enumerate(states):
        customer = customers[place] if customers else "c_1"
        arms = ARMS[possible]
        left, arm = number, "silence"
        for name, bp in arms:
            if left < bp:
                arm = name
                break
            left -= bp
        arm = "silence" if held_out else arm
        choice: dict[str, Any] = {
            "occasion": occasion, "campaign": "SPRING", "kind": "new", "holdout_bp": 5_000, "held_out": held_out,
            "number": number, "arm": arm, "sku": sku, "percent_bp": 0 if arm == "silence" else 1_000,
            "chance_ppm": 200_000, "arms": [{"arm": name, "bp": bp, "offers": []} for name, bp in arms],
        }  # fmt: skip
        at = begins + timedelta(seconds=30 * place)
        if arm == "silence":
            story, ref = CorrelationId(f"story-{occasion}"), CustomerRef(customer) if customer else None
            one = Withheld(occasion, "SPRING", LocationId(FIRST), ref, occasion, sku, choice, story, at)
            await keep_withheld(database, one)
        else:
            await offered(database, f"{occasion}-{at:%M%S}", choice, at, customer)


async def offered(database: Database, name: str, choice: dict[str, Any], at: datetime, customer: str | None) -> None:
    facts = {"customer": customer, "transaction": choice["occasion"], "skus": [choice["sku"]], "code": f"TH{name}"}
    row = {
        "id": name, "kind": "discount", "location_id": FIRST, "actor_id": "specialist:offers", "actor": {},
        "idempotency_key": name, "fingerprint": "0" * 64, "facts": facts, "proposal": {"evidence": {"choice": choice}},
        "correlation_id": name, "causation_id": "", "situation": {}, "verdict": {}, "state": "executed", "money": 250,
        "currency": "USD", "created_at": at,
    }  # fmt: skip
    async with database.transaction() as connection:
        await connection.execute(insert(action).values(row))


GROWING: list[State] = [("perhaps", "HAT-1"), ("worth", "BELT-1"), ("worth", "JEANS-M")]


@pytest.mark.parametrize("number", [0, 700, 9_000])
async def test_the_first_state_worth_an_offer_counts_held_out_or_not(database: Database, number: int):
    await happens(database, "o1", GROWING, number=number)
    await happens(database, "o2", GROWING, number=number, held_out=True)
    found = await told(database)
    assert [(occasion, sku) for occasion, _, sku, _ in found] == [("o1", "BELT-1"), ("o2", "BELT-1")]


async def test_who_is_held_out_is_left_out_where_the_other_would_have_been_by_what_was_tried(database: Database):
    await happens(database, "o1", GROWING[:1], number=9_700)  # it stands from here on, and nothing else is drawn
    await happens(database, "o2", GROWING, number=9_700, held_out=True)
    assert [sku for _, _, sku, _ in await told(database)] == ["HAT-1", "HAT-1"]


async def test_what_was_never_worth_an_offer_counts_once_as_it_was_first(database: Database):
    await happens(database, "o1", [("perhaps", "HAT-1"), ("perhaps", "BELT-1")], number=0)
    assert [sku for _, _, sku, _ in await told(database)] == ["HAT-1"]
    assert await ledger_kinds(database) == ["withheld"]


async def test_states_that_arrive_in_another_order_are_kept_the_same(database: Database):
    await happens(database, "o1", GROWING[2:], number=0, held_out=True, begins=AT + timedelta(minutes=1))
    await happens(database, "o1", GROWING[:2], number=0, held_out=True)
    await happens(database, "o1", GROWING[:1], number=0, held_out=True, begins=AT - timedelta(seconds=1))
    assert [sku for _, _, sku, _ in await told(database)] == ["BELT-1"]


@pytest.mark.parametrize("held_out", [False, True])
async def test_a_basket_counts_from_when_its_buyer_was_known(database: Database, *, held_out: bool):
    stranger: State = ("worth to a stranger", "HAT-1")
    await happens(database, "o1", [stranger], number=9_000, customers=[None])
    after = AT + timedelta(seconds=20)
    await happens(database, "o1", GROWING[1:], number=9_001, held_out=held_out, begins=after)
    assert [(ref, sku) for _, ref, sku, _ in await told(database)] == [("c_1", "BELT-1")]


async def test_an_occasion_belongs_to_the_time_it_began_in(database: Database):
    await happens(database, "o1", GROWING[1:], number=0)
    await happens(database, "o2", GROWING[1:], number=0, held_out=True)
    assert len(await told(database)) == 2
    assert await told(database, AT + timedelta(seconds=1)) == []


async def test_an_order_by_a_later_code_of_the_same_basket_is_met(database: Database):
    await happens(database, "o1", GROWING[1:], number=9_000, customers=[None, None])
    row = {"id": "p1", "channel": "online", "location_id": "WEB", "occurred_at": AT + timedelta(hours=1)}
    more = {"received_at": AT, "total": 2_500, "currency": "USD", "codes": ["THo1-0030"]}
    async with database.transaction() as connection:
        await connection.execute(insert(purchase).values(**row, **more))
    span = {"since": AT, "until": NOW, "days": 1}
    async with database.reading() as connection:
        met = await connection.execute(text(f"WITH {TURNS}, {MET} SELECT purchase_id FROM met"), span)  # noqa: S608  # our own texts
        assert met.scalars().all() == ["p1"]


async def test_every_arm_of_changing_baskets_at_a_register_is_logged_at_the_same_state_with_its_chances(
    database_url: str, tmp_path: Path
):
    exploring: dict[str, Any] = {"TILLHAND_HOLDOUT_BP": "0", "TILLHAND_EXPLORE_BP": "2500"}
    async with pos_shop(database_url, tmp_path, **exploring) as shop:
        with_it, goes = await another_pair(shop)
        first: dict[str, set[str]] = {}
        for _ in range(24):
            shop.till.begin([(with_it, 1)])
            one = await shop.till.decide()
            shop.till.cart.lines = [(TEE, 1)]
            await shop.till.decide()
            first.setdefault(one["status"], set()).add(one["transaction"])
        await shop.opened.house.background.close()
        span = {"since": datetime.now(NOW.tzinfo) - timedelta(hours=1), "until": datetime.now(NOW.tzinfo)}
        async with shop.opened.database.reading() as connection:
            turns = (await connection.execute(text(f"WITH {TURNS} SELECT * FROM turn"), span)).all()  # noqa: S608  # our own text
        assert set(first) == {"offered", "silent"}
        assert len(turns) == 24
        for turn in turns:
            assert turn.choice["arms"][-1]["offers"][0]["sku"] == goes
            assert (turn.choice["arm"] == "silence") == (turn.transaction in first["silent"])
        assert len({json.dumps(turn.choice["arms"]) for turn in turns}) == 1
        assert {propensity(turn.choice) for turn in turns} <= {0.25, 0.5}
