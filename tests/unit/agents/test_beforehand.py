"""Words of the night: written for likely offers, used only where they fit, and never a reason to wait at a till."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from agents.beforehand import AUDIENCES, Beforehand
from agents.model import ModelDoor, ModelSettings
from agents.prompt import Prompt
from agents.specialists.offers import OffersSpecialist
from agents.words import Writer
from evals.retailer.model import Behavior, LocalModel, ModelBehavior
from evals.retailer.server import serve
from knowledge.events.families import CheckoutFacts, LineFacts
from knowledge.offers.companions import CompanionTable
from knowledge.offers.drawing import LearnedTable
from knowledge.offers.habit import KINDS
from knowledge.offers.kept_lines import ASK_AGAIN, KEEP, KeptLines
from knowledge.store.connection import Connection
from knowledge.store.session import Database
from knowledge.store.tables import purchase, purchase_line, variant
from policies.limits import Limits
from policies.packs.pack import disclosed
from policies.vocabulary.ids import CorrelationId, CustomerRef
from tests.unit.agents.shop import NOW, PLACES, SECRET, goes_with, looked, open_shop, stock, view
from tools.proposal import Origin

pytestmark = pytest.mark.anyio

ADA = CustomerRef("c_ada")
ORIGIN = Origin(CorrelationId("story"), "call-1")
WITHIN = 0.4  # seconds at the till, for these tests


def honest(body: dict[str, Any]) -> dict[str, str]:
    offer = json.loads(body["messages"][-1]["content"])["offers"][0]
    return {"offer": offer["id"], "line": f"{offer['product']} would suit you well: {offer['percent']} off."}


def lying(body: dict[str, Any]) -> dict[str, str]:
    offer = json.loads(body["messages"][-1]["content"])["offers"][0]
    return {
        "offer": offer["id"],
        "line": f"{offer['product']}: {offer['percent']} off, the best price ever, today only.",
    }


@dataclass
class Shop:
    """A shop with a model beside it; `night` and `till` see the same store."""

    database: Database
    model: LocalModel
    night: Beforehand
    specialist: Callable[..., OffersSpecialist]

    async def sold(self, name: str, *skus: str, customer: str | None = None) -> None:
        async with self.database.transaction() as connection:
            await bought(connection, name, *skus, customer=customer)

    async def ask(self, transaction: str = "T1", customer: CustomerRef | None = None, **more: Any) -> Any:
        checkout = CheckoutFacts(
            location="STORE_1",
            transaction=transaction,
            lines=(LineFacts(sku="TEE", quantity=1, unit_price=3000),),
            total=3000,
            currency="USD",
        )
        deadline = asyncio.get_running_loop().time() + WITHIN
        offer = await self.specialist(**more).for_basket(checkout, customer, origin=ORIGIN, deadline=deadline)
        assert asyncio.get_running_loop().time() < deadline
        return offer


async def bought(connection: Connection, name: str, *skus: str, customer: str | None = None) -> None:
    row = {"id": name, "channel": "pos", "location_id": "STORE_1", "customer_ref": customer, "total": 1}
    at = NOW - timedelta(days=2)
    await connection.execute(insert(purchase).values(**row, currency="USD", occurred_at=at, received_at=at))
    for sku in skus:
        await connection.execute(insert(purchase_line).values(purchase_id=name, sku=sku, quantity=1, unit_price=1))


@pytest.fixture
async def shop(database: Database) -> AsyncGenerator[Shop]:
    await open_shop(database)
    async with database.transaction() as connection:
        await goes_with(connection, "TEE", "JEANS", together=40)
        for place in ("STORE_1", "WAREHOUSE"):
            await stock(connection, "JEANS", place, 5)
        await bought(connection, "o1", "TEE")
    model = LocalModel(ModelBehavior(script=honest, slow_s=0.15))
    async with serve(model=model.app) as running:
        doors: list[ModelDoor] = []

        def writer(*, name: str = "m", prompt: Prompt | None = None, later: timedelta = timedelta()) -> Writer:
            doors.append(ModelDoor(ModelSettings(running.model_url, name)))
            return Writer(doors[-1], prompt, KeptLines(database, lambda: NOW + later))

        def specialist(**more: Any) -> OffersSpecialist:
            return OffersSpecialist(
                database, PLACES, Limits.read(), secret=SECRET, writer=writer(**more), now=lambda: NOW
            )

        night = Beforehand(
            database=database,
            places=PLACES,
            limits=Limits.read(),
            companions=CompanionTable(),
            learned=LearnedTable(),
            writer=writer(),
            kept=KeptLines(database, lambda: NOW),
            agents=lambda: True,
            seconds=30,
            now=lambda: NOW,
        )
        yield Shop(database, model, night, specialist)
        for door in doors:
            await door.close()


async def test_a_line_of_the_night_is_used_at_the_till_with_the_percentage_that_was_drawn(shop: Shop):
    done = await shop.night.write()
    assert (done.kept, done.refused, done.standing, done.ended) == (1, 0, 0, "all_written")
    asked = len(shop.model.requests)
    offer = await shop.ask()
    percent = offer.proposal.action.percent
    assert offer.message == f"Slim Jeans would suit you well: {percent} off."
    assert (offer.source, offer.proposal.evidence["words"]) == ("kept", "kept")
    assert offer.proposal.model == shop.night.writer.label
    assert len(shop.model.requests) == asked, "nobody waited for the model"


async def test_the_prompt_of_the_night_tells_of_a_kind_of_buyer_and_of_nobody(shop: Shop):
    await shop.sold("o2", "TEE", customer=ADA)
    await shop.night.write()
    told = [request.body["messages"][-1]["content"] for request in shop.model.requests]
    assert len(told) == 2
    assert "c_ada" not in json.dumps(told)
    kinds = {json.loads(each).get("customers_like_this", "") for each in told}
    assert kinds == {AUDIENCES["stranger"], AUDIENCES["rare.full_price"]}
    assert set(AUDIENCES) == set(KINDS)


async def test_a_visitor_online_reads_a_kept_line_too(shop: Shop):
    async with shop.database.transaction() as connection:
        await looked(connection, ADA, "JEANS")
    await shop.sold("o2", "TEE", customer=ADA)
    await shop.night.write()
    event = view("v1", "TEE")
    (proposal,) = (await shop.specialist().consider([event], {event.id: ADA})).proposals
    assert proposal.evidence["words"] == "kept"
    assert proposal.model == shop.night.writer.label
    percent = proposal.action.facts()["percent"]["basis_points"] // 100
    assert proposal.evidence["message"] == disclosed(f"Slim Jeans would suit you well: {percent}% off.", ("us_ny",))


@pytest.mark.parametrize("behavior", ["hang", "slow", "error_500", "broken_json", "truncated", "hostile", "random"])
async def test_whatever_the_model_does_by_day_the_line_of_the_night_is_there_in_time(shop: Shop, behavior: Behavior):
    await shop.night.write()
    shop.model.settings.behavior = behavior
    shop.model.settings.slow_s = 5
    offer = await shop.ask()
    assert offer.source == "kept"
    assert offer.message == f"Slim Jeans would suit you well: {offer.proposal.action.percent} off."


@pytest.mark.parametrize("behavior", ["hang", "slow", "error_500", "broken_json", "truncated", "hostile", "random"])
async def test_without_a_line_of_the_night_a_bad_model_costs_its_words_alone(shop: Shop, behavior: Behavior):
    shop.model.settings.behavior = behavior
    shop.model.settings.slow_s = 5
    offer = await shop.ask()
    assert (offer.source, offer.proposal.evidence["words"], offer.proposal.model) == ("template", "template", "")
    assert (
        offer.message == f"Slim Jeans goes well with your basket: {offer.proposal.action.percent} off with this code."
    )


async def test_without_a_line_of_the_night_a_quick_model_speaks_itself(shop: Shop):
    offer = await shop.ask()
    assert (offer.source, offer.proposal.evidence["words"]) == ("live", "live")


@pytest.mark.parametrize(
    "changed",
    [{"price": 8100, "unit_cost": 3000}, {"title": "Slim Jeans, black"}],
    ids=["price", "title"],
)
async def test_a_line_for_another_price_or_title_is_not_used(shop: Shop, changed: dict[str, Any]):
    await shop.night.write()
    async with shop.database.transaction() as connection:
        await connection.execute(update(variant).where(variant.c.sku == "JEANS").values(changed))
    shop.model.settings.behavior = "hang"
    assert (await shop.ask()).source == "template"


@pytest.mark.parametrize("other", [{"name": "n"}, {"prompt": Prompt("offers", "Write well.", "0" * 64)}])
async def test_a_line_of_another_model_or_prompt_is_not_used(shop: Shop, other: dict[str, Any]):
    await shop.night.write()
    shop.model.settings.behavior = "hang"
    assert (await shop.ask(**other)).source == "template"


async def test_a_line_is_good_until_it_expires(shop: Shop):
    await shop.night.write()
    shop.model.settings.behavior = "hang"
    second = timedelta(seconds=1)
    assert (await shop.ask("T1", later=KEEP - second)).source == "kept"
    assert (await shop.ask("T2", later=KEEP)).source == "template"


@pytest.mark.parametrize(
    "line",
    [
        "Slim Jeans would suit you well: {percent} off, today only.",
        "Slim Jeans would suit you well: 90% off.",
        "Wool Hat would suit you well: {percent} off.",
        "{percent}",
    ],
)
async def test_a_line_somebody_changed_in_the_store_is_checked_again_and_not_used(shop: Shop, line: str):
    await shop.night.write()
    async with shop.database.transaction() as connection:
        await connection.execute(text("UPDATE kept_line SET text = :line"), {"line": line})
    shop.model.settings.behavior = "hang"
    assert (await shop.ask()).source == "template"


async def test_a_store_that_is_late_with_a_line_costs_the_line_alone(shop: Shop):
    class Late(KeptLines):
        async def find(self, keys: Any, *, model: str) -> Any:
            await asyncio.Event().wait()

    written = Writer(ModelDoor(ModelSettings("http://127.0.0.1:9", "m")), kept=Late(shop.database, lambda: NOW))
    loop = asyncio.get_running_loop()
    offers = OffersSpecialist(shop.database, PLACES, Limits.read(), secret=SECRET, writer=written, now=lambda: NOW)
    deadline = loop.time() + WITHIN
    basket = CheckoutFacts(
        location="STORE_1",
        transaction="T9",
        lines=(LineFacts(sku="TEE", quantity=1, unit_price=3000),),
        total=3000,
        currency="USD",
    )
    offer = await offers.for_basket(basket, None, origin=ORIGIN, deadline=deadline)
    assert offer is not None
    assert offer.source == "template"
    assert loop.time() < deadline


async def test_what_a_lying_model_writes_is_not_kept_and_not_asked_for_again_so_soon(shop: Shop):
    shop.model.settings.script = lying
    first = await shop.night.write()
    assert (first.kept, first.refused) == (0, 1)
    again = await shop.night.write()
    assert (again.kept, again.refused, again.standing) == (0, 0, 1)
    shop.model.settings.script = honest
    kept = KeptLines(shop.database, lambda: NOW + ASK_AGAIN)
    later = await replace(shop.night, kept=kept).write()
    assert (later.kept, later.refused) == (1, 0)


async def test_a_model_that_does_not_answer_is_given_up_and_nothing_is_held_against_it(shop: Shop):
    for number in range(5):
        await shop.sold(f"k{number}", "TEE", customer=f"c_{number}")
        await shop.sold(f"l{number}", "TEE", customer=f"c_{number}")
    shop.model.settings.behavior = "error_500"
    await shop.sold("m0", "TEE", customer="c_0")
    done = await shop.night.write()
    assert (done.kept, done.refused, done.ended) == (0, 0, "model_silent")
    shop.model.settings.behavior = "scripted"
    assert (await shop.night.write()).kept == 3


async def test_a_round_that_ran_out_of_time_goes_on_where_it_was(shop: Shop):
    await shop.sold("o2", "TEE", customer=ADA)
    shop.model.settings.behavior = "slow"
    first = await replace(shop.night, seconds=0.2).write()
    assert (first.kept, first.ended) == (1, "time_used")
    shop.model.settings.behavior = "scripted"
    second = await shop.night.write()
    assert (second.kept, second.standing, second.ended) == (1, 1, "all_written")


async def test_the_stop_switch_is_looked_at_before_every_line(shop: Shop):
    await shop.sold("o2", "TEE", customer=ADA)
    answers = iter([True, False])
    done = await replace(shop.night, agents=lambda: next(answers)).write()
    assert (done.kept, done.ended) == (1, "stopped")


async def test_no_time_means_no_lines_and_no_question(shop: Shop):
    assert (await replace(shop.night, seconds=0).write()).ended == "no_model"
    assert (await replace(shop.night, writer=Writer()).write()).ended == "no_model"
    assert shop.model.requests == []


async def test_the_likeliest_offer_is_written_first(shop: Shop):
    for number in range(3):
        await shop.sold(f"o{number + 2}", "TEE", customer=f"c_{number}")
    shop.model.settings.behavior = "slow"
    await replace(shop.night, seconds=0.2).write()
    told = json.loads(shop.model.requests[0].body["messages"][-1]["content"])
    assert told["customers_like_this"] == AUDIENCES["rare.full_price"], "three such baskets, and one of a stranger"
