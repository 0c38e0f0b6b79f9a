"""A week worth a review, who signs it, and how it is made."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from knowledge.store.session import Database
from knowledge.store.tables import purchase
from policies.vocabulary.actor import Role
from tests.flows.guarded_shop import (
    ADA,
    ORIGIN,
    PLACES,
    S1,
    S2,
    SAMPLE,
    SPECIALIST,
    START,
    Shop,
    actor,
    adjustment,
    discount,
    open_shop,
)
from tools.proposal import Proposal
from tools.review.reviews import Reviews

WEEK = "2026-W47"  # of START, a Friday
MARY, IRA = actor(Role.MARKETING, "marketing:mary"), actor(Role.OPERATOR, "operator:ira")
TEAMS = {"store_operations": ADA, "marketing": MARY, "it": IRA}


def reviews(shop: Shop) -> Reviews:
    return Reviews(shop.database, shop.engine, PLACES, shop.now)


async def report(shop: Shop) -> dict[str, Any]:
    shop.clock = max(shop.clock, START + timedelta(days=4))
    return (await reviews(shop).make(IRA, WEEK)).report


async def buy(shop: Shop, name: str, *codes: str, at: datetime = START, **more: Any) -> None:
    row = {"channel": "pos", "location_id": S1, "total": 1, "currency": "USD", "transaction": "", **more}
    async with shop.database.transaction() as connection:
        await connection.execute(
            insert(purchase), {"id": name, "occurred_at": at, "received_at": at, "codes": list(codes), **row}
        )


def code(proposal: Proposal) -> str:
    return str(proposal.action.facts()["code"])


async def open_week(database: Database) -> Shop:
    """A Friday with offers made, used, undone, asked about, refused; and one of another week."""
    shop = await open_shop(database)
    used, undone = discount(4_000, transaction="A"), discount(3_000, transaction="B")
    await shop.guard.propose(SPECIALIST, used)
    other = await shop.guard.propose(SPECIALIST, undone)
    waits = [await shop.guard.propose(SPECIALIST, discount(6_000, transaction=name)) for name in "CDE"]
    await shop.guard.propose(SPECIALIST, discount(25_000, transaction="F", store=S2))
    await shop.guard.propose(actor(Role.PLANNER), adjustment(-2))
    for minutes, decision, approve in ((1, waits[0], True), (9, waits[1], False)):
        shop.after(minutes=minutes)
        await shop.guard.answer(ADA, decision.approval_id or "", approve=approve)
    await shop.guard.undo(ADA, other.action_id, key="undo-1", reason="By mistake.", origin=ORIGIN)
    shop.after(hours=1)
    await shop.guard.expire()
    await shop.guard.propose_all([(SPECIALIST, discount(1, lines=[]))])
    await buy(shop, "shopify:order:1", code(used), at=START + timedelta(minutes=5))
    shop.clock = START + timedelta(days=3)  # a Monday
    await shop.count(SAMPLE, 5)
    await shop.guard.propose(SPECIALIST, discount(100, transaction="Z"))
    return shop
