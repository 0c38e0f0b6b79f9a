"""A month of ten shops, decided as the guard decides, at the times it would have: what `policy try` is measured on.

Baskets, customers and percentages are drawn; situations, verdicts, totals, questions and the ledger are the
guard's own. Nothing is carried out on a platform: what is allowed stays so, and orders that use codes are written
as the connectors would have brought them in.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy import insert

from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import inventory_level, purchase, variant
from policies.actions.discount import Discount
from policies.engine import Engine
from policies.limits import DEFAULT_FILE, Limits
from policies.packs.pack import disclosed
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools import approval
from tools.approval import Expired
from tools.decide import Answered, decide
from tools.proposal import Decision, Origin, Proposal
from tools.record import Request

SHOPS: Final = 10
DAYS: Final = 30
A_DAY: Final = 100  # offers a shop proposes: one every six minutes of ten hours; time grows with their number
BEGINS: Final = datetime(2026, 10, 5, 14, tzinfo=UTC)  # ten in the morning in New York
_AT_ONCE: Final = 5  # offers a shop proposes within one quarter of an hour, in one burst
_SKUS: Final = 400
_KNOWN: Final = 0.4  # share of customers who say who they are
_USED: Final = 0.3  # share of offers an order uses
_ANSWERED: Final = (0.55, 0.8)  # share of questions approved; approved or rejected
_CURRENCY: Final = "USD"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # of a code
_SPECIALIST: Final = Actor("specialist:offers", Role.OFFERS_SPECIALIST, None, Door.CHECKOUT)
_MANAGER: Final = Actor("manager:bench", Role.MANAGER, None, Door.CONSOLE)
# counts of goods are as old as the bench's first minute, and no part of what is measured
LIMITS: Final = Limits(
    DEFAULT_FILE.read_text(encoding="utf-8").replace("stock_age_s = 900 ", "stock_age_s = 9000000 ", 1)
)


def shops() -> Places:
    """Ten shops on one platform."""
    names = [LocationId(f"SHOP_{number:02d}") for number in range(SHOPS)]
    return Places(
        Place(name, name.title(), "shopify", str(number), "shop", "NY", "America/New_York", name)
        for number, name in enumerate(names, 1)
    )


async def decide_month(database: Database, *, days: int = DAYS, a_day: int = A_DAY) -> tuple[Places, Engine]:
    """Have the month decided; returns the shops and the rules that decided."""
    random, places = Random(7), shops()
    engine = Engine.read(LIMITS)
    prices = {Sku(f"SKU-{number:03d}"): random.randrange(300, 5_000) for number in range(_SKUS)}
    await _stock(database, places, prices)
    for day in range(days):
        for burst in range(a_day // _AT_ONCE):
            at = BEGINS + timedelta(days=day, minutes=15 * burst)
            proposals = [_proposal(random, place, prices, at) for place in places for _ in range(_AT_ONCE)]
            requests = [Request(_SPECIALIST, each) for each in proposals]
            async with database.transaction() as connection:
                answers = (await decide(connection, engine, places, requests, at)).answers
            await _answer(random, database, engine, at, answers)
            await _buy(random, database, at, proposals, answers)
    return places, engine


async def _answer(
    random: Random, database: Database, engine: Engine, at: datetime, answers: Sequence[Answered]
) -> None:
    """Most questions are answered within minutes, the others expire."""
    async with database.transaction() as connection:
        for each in answers:
            drawn, later = random.random(), at + timedelta(seconds=random.randrange(15, 400))
            if isinstance(each, Decision) and each.approval_id and drawn < _ANSWERED[1]:
                question = await approval.open_question(connection, engine, _MANAGER, each.approval_id, later)
                assert not isinstance(question, Expired)  # noqa: S101  # it was asked minutes ago
                yes = drawn < _ANSWERED[0]
                await approval.answer(connection, question, _MANAGER, approve=yes, note="", at=later)
        await approval.expire(connection, at)


async def _buy(
    random: Random, database: Database, at: datetime, proposals: Sequence[Proposal], answers: Sequence[Answered]
) -> None:
    rows = [
        {
            "id": f"shopify:order:{each.key}",
            "channel": "pos",
            "location_id": each.action.location,
            "customer_ref": each.action.customer,
            "occurred_at": at + timedelta(minutes=10),
            "received_at": at + timedelta(minutes=10),
            "total": each.action.base.minor - each.action.amount.minor,
            "currency": _CURRENCY,
            "codes": [each.action.code],
            "transaction": each.action.transaction,
        }
        for each, answer in zip(proposals, answers, strict=True)
        if isinstance(answer, Decision) and answer.state == "allowed" and random.random() < _USED
        if isinstance(each.action, Discount)
    ]
    if rows:
        async with database.transaction() as connection:
            await connection.execute(insert(purchase), rows)


def _proposal(random: Random, place: Place, prices: dict[Sku, int], at: datetime) -> Proposal:
    skus = random.sample(sorted(prices), random.choice((1, 1, 2, 3)))
    lines = [{"sku": sku, "units": 1, "price": prices[sku]} for sku in skus]
    base = Money(sum(prices[sku] for sku in skus), _CURRENCY)
    percent = Percent(random.choice((500, 500, 1_000, 1_000, 1_000, 1_500, 2_000, 3_500)))
    number = f"{random.getrandbits(60):015X}"
    customer = CustomerRef(f"c_{random.randrange(20_000)}") if random.random() < _KNOWN else None
    discount = Discount(
        store=place.id,
        customer=customer,
        transaction=f"T-{number}",
        code="TH-" + "".join(random.choices(_LETTERS, k=12)),
        percent=percent,
        base=base,
        amount=base.share(percent),
        valid_until=at + timedelta(minutes=30),
    )
    origin = Origin(CorrelationId(f"story-{number}"), f"event-{number}", at - timedelta(seconds=random.randrange(4)))
    message = f"{percent} off what goes with your basket."
    packs = LIMITS.place(place.region, place.id).packs
    evidence = {"lines": lines, "message": disclosed(message, packs) if customer else message}
    return Proposal(discount, number, origin, "Goes with the basket.", evidence)


async def _stock(database: Database, places: Places, prices: dict[Sku, int]) -> None:
    async with database.transaction() as connection:
        await save_locations(connection, places)
        await connection.execute(
            insert(variant),
            [
                {
                    "sku": sku,
                    "title": sku,
                    "product": sku,
                    "price": price,
                    "currency": _CURRENCY,
                    "unit_cost": None if number % 50 == 0 else price * (30 + number % 40) // 100,
                    "observed_at": BEGINS,
                }
                for number, (sku, price) in enumerate(prices.items())
            ],
        )
        await connection.execute(
            insert(inventory_level),
            [
                {"sku": sku, "location_id": place.id, "available": 9, "observed_at": BEGINS}
                for place in places
                for sku in prices
            ],
        )
