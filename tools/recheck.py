"""What was allowed for the facts of then is judged with the facts of now before it happens, its approval too."""

from datetime import datetime, timedelta
from typing import Any

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.actions.discount import Discount
from policies.decision import Outcome, Reason, Verdict
from policies.engine import Engine
from policies.errors import TillhandError
from policies.vocabulary.money import Money
from tools import promises
from tools.action_row import ActionRow, actor_facts, settle, verdict_facts
from tools.approval import GIVES, binding
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.case import case
from tools.fresh_prices import FreshPrices
from tools.ladder.standing import standings
from tools.situate import situate
from tools.surroundings import gather


async def recheck(  # noqa: PLR0913, PLR0917  # what judging again needs
    connection: Connection,
    engine: Engine,
    places: Places,
    row: ActionRow,
    at: datetime,
    prices: FreshPrices | None = None,
) -> bool:
    """Whether an action is still allowed, with the approval it was given, if it was asked for one.

    If not it is `denied`, and what it promised is given back.

    Args:
        connection: The transaction in which the action is locked.
        engine: The rules.
        places: The locations.
        row: The action.
        at: Now.
        prices: Where prices that have grown old while somebody thought about it are asked for again.
    """
    engine = engine.pinned()
    situation: dict[str, Any] = {}
    try:
        known = case(
            row.actor,
            row.action,
            row.proposal["evidence"],
            places,
            occurred_at=_moment(row.proposal["occurred_at"]),
            priced_at=_moment(row.proposal["priced_at"]),
            proposed_at=row.created_at,
            undo=row.undoes is not None,
            priced_now=await prices_now(engine, places, row, at, prices),
        )
        around = await gather(connection, [known], places, engine.limits, at, but=[row.id]).found()
        totals = await promises.read(connection, promises.counted(row.action, known.place, row.created_at))
        facts = situate(known, around, totals)
        standing = await standings(connection, engine.rollout, [known.place.id])
        stands = standing.of(row.actor, row.action.kind, known.place)
        fresh = engine.situation(row.actor, row.action.kind, known.place.id, known.place.region, facts, standing=stands)
        given = fresh.approved(GIVES[row.needs] if row.approval_id else row.situation["approval"])
        situation, verdict = given.facts(), engine.decide(given)
    except TillhandError as error:
        verdict = Verdict(Outcome.DENY, (Reason(error.code, error.message),), engine.digest)
    answered = not row.approval_id or (row.approval_state == "approved" and row.bound_to == _bound(row))
    allowed = verdict.outcome is Outcome.ALLOW and answered
    body = {
        "actor": actor_facts(row.actor),
        "action": row.facts,
        "situation": situation,
        "verdict": verdict_facts(verdict),
        "approved_by": row.decided_by,
        "state": "allowed" if allowed else "denied",
        "again": True,
    }
    if not allowed:
        settle(connection, row.id, "denied", at, verdict=verdict, error="It is no longer allowed.")
        await promises.release(connection, [row.proposal])
    await append(connection, [Entry("decision", at, body, row.id, row.correlation)])
    return allowed


async def prices_now(
    engine: Engine, places: Places, row: ActionRow, at: datetime, prices: FreshPrices | None
) -> dict[str, Money]:
    """What a discount's goods cost now, when the prices it was computed from are too old; empty when nobody says."""
    priced_at = _moment(row.proposal["priced_at"])
    if prices is None or priced_at is None or not isinstance(row.action, Discount):
        return {}
    place = places.get(row.location)
    seconds = engine.limits.place(place.region, place.id).discount.price_age_s
    if at - priced_at <= timedelta(seconds=seconds):
        return {}
    skus = {str(line["sku"]) for line in row.proposal["evidence"].get("lines", ())}
    told = await prices.of(place.platform, skus, younger_than=seconds)
    return {sku: price.price for sku, price in told.items()} if told.keys() >= skus else {}


def _bound(row: ActionRow) -> str:
    """What an approval of the action as it stands now would be bound to: the one given must be the same."""
    return binding(row.facts, row.situation)


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
