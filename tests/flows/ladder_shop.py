"""A shop whose AI begins on one rung and is easily moved; who moves it, and what it has done so far."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from policies.engine import Engine
from policies.errors import NotFound, Refused
from policies.ladder import Rung
from policies.limits import Limits
from policies.rollout import DEFAULT_FILE, Rollout
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import LocationId
from tests.flows.guarded_shop import (
    ADA,
    PLACES,
    SAMPLE,
    SPECIALIST,
    Shop,
    actor,
    discount,
)
from tests.unit.policies.rules_in_parts import RULES, SCHEMA
from tools.ladder.office import LadderOffice
from tools.proposal import Decision

MARY = actor(Role.MARKETING, "marketing:mary")
OPERATOR = actor(Role.OPERATOR, "operator:olga")
INVENTORY = actor(Role.INVENTORY_SPECIALIST, "specialist:inventory")
EASY = {"decisions = 100": "decisions = 3", "\ndays = 14": "\ndays = 2", "agreed_bp = 9000": "agreed_bp = 6000"}
TOUCHY = {"least = 5": "least = 2", "failed = 20": "failed = 3"}


def plan(rung: str = "auto", changes: Mapping[str, str] | None = None, more: str = "") -> Engine:
    """The product's rules over a rollout that begins on this rung and is easily moved."""
    told = DEFAULT_FILE.read_text(encoding="utf-8").replace('= "auto"', f'= "{rung}"')
    for before, after in {**EASY, **TOUCHY, **(changes or {})}.items():
        assert before in told
        told = told.replace(before, after)
    return Engine(RULES, SCHEMA, Limits.read(), Rollout(told + more))


def office(shop: Shop) -> LadderOffice:
    return LadderOffice(shop.database, shop.engine, PLACES, [SPECIALIST.id], shop.now)


async def sign_review(shop: Shop, team: str = "marketing", *, digest: str = "a" * 64) -> None:
    """What the owning team did with the newest weekly review."""
    async with shop.database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO review (week, report, digest, made_at) VALUES ('2026-W47', '{}', :kept, :at)"
                " ON CONFLICT DO NOTHING"
            ),
            {"kept": "a" * 64, "at": shop.clock},
        )
        await connection.execute(
            text(
                "INSERT INTO review_signature (week, team, digest, signed_by, signed_at)"
                " VALUES ('2026-W47', :team, :digest, 'marketing:mary', :at)"
            ),
            {"team": team, "digest": digest, "at": shop.clock},
        )


async def propose(shop: Shop, name: str, *, who: Actor = SPECIALIST, store: str = "S1", cents: int = 100) -> Decision:
    """An offer as of now, on goods counted just now."""
    await shop.count(SAMPLE, 5, LocationId(store))
    asked = discount(cents, transaction=f"{name} {shop.clock:%d %H:%M}", store=store)
    valid = asked.action.model_copy(update={"valid_until": shop.clock + timedelta(minutes=30)})
    return await shop.guard.propose(who, replace(asked, action=valid))


async def earn(shop: Shop, answers: str) -> None:
    """Proposals over two days and a bit, one for each of these answers of a manager."""
    words = answers.split()
    for number, word in enumerate(words):
        decision = await propose(shop, f"T{number}")
        if decision.approval_id:
            await shop.guard.answer(ADA, decision.approval_id, approve=word == "yes")
        shop.after(hours=49 / (len(words) - 1))


async def refused(shop: Shop, who: Actor, capability: str = "discount", location: str = "") -> tuple[str, str]:
    with pytest.raises((Refused, NotFound)) as refusal:
        await office(shop).climb(who, capability, location, reason="It goes well.")
    return refusal.value.code, refusal.value.hint


async def stands(shop: Shop, capability: str = "discount") -> dict[str, Rung]:
    return {each.location: each.rung for each in await office(shop).show(OPERATOR, capability)}
