"""A person carries a waiting proposal through as their own, as it is or for less.

The proposal itself is closed and never changed: what was asked of a person, and what they did instead, stay on record.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.actions.lower import Edit, lowered
from policies.engine import Engine
from policies.errors import Refused
from policies.ladder import Rung
from policies.packs.pack import carried, disclosed
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from policies.vocabulary.money import Money
from tools import promises
from tools.action_row import ActionRow, action_id, find, settle
from tools.approval import GIVES, Open, close, record_answer
from tools.decide import Answered, decide
from tools.ladder.standing import bound
from tools.proposal import Decision, Origin, Proposal
from tools.record import Request


def only_suggested(row: ActionRow) -> bool:
    """Whether AI may only suggest this: whoever says yes to it does it themselves."""
    return bound(row.actor) and row.situation.get("context", {}).get("rung") == Rung.SUGGEST


async def taken_before(connection: Connection, actor: Actor, approval: str) -> ActionRow | None:
    """What this person made of that approval before, when they carried it through as their own."""
    row = await find(connection, action_id(actor, _key(approval)))
    return row if row and row.supersedes else None  # anybody may choose such a key for something else


async def supersede(  # noqa: PLR0913  # who does what instead, by which rules, and when
    connection: Connection,
    engine: Engine,
    places: Places,
    actor: Actor,
    question: Open,
    *,
    edit: Edit,
    note: str,
    prices: Mapping[str, Money],
    at: datetime,
) -> tuple[Answered, ActionRow | None]:
    """Close the proposal and decide the person's own action instead, claimed when it is allowed.

    It counts as approved as far as this person's plain yes would have approved the proposal: it is no more than that.
    `prices` are what the goods cost now, where somebody asked again because those of the proposal had grown old.

    Raises:
        Refused: It is not less, it takes two managers, or the rules deny it; then the proposal waits as before.
    """
    first = question.row
    if question.needs == "approve_two" and not edit.none:
        raise Refused(
            "Two managers decide this as it stands; nobody lowers it alone.",
            code="edit.two",
            hint="Reject it, and propose less yourself.",
        )
    action = lowered(first.action, edit)
    request = Request(
        actor,
        Proposal(
            action=action,
            key=_key(question.id),
            origin=Origin(CorrelationId(first.correlation), question.id),
            rationale=note or str(first.proposal["rationale"]),
            evidence=_evidence(engine, places, first, action),
            priced_at=_priced_at(first, prices, at),
        ),
        supersedes=first.id,
        given="none" if question.needs == "approve_two" else GIVES[question.needs],
    )
    own = action_id(actor, request.proposal.key)
    settle(connection, first.id, "rejected", at, error=f"{actor.id} carried it through as {own}.")
    await promises.release(connection, [first.proposal])
    answer, claimed = (await decide(connection, engine, places, [request], at, claim=True)).one()
    if isinstance(answer, Decision) and answer.state == "denied":
        rule, sentence = answer.reasons[0]
        raise Refused(sentence or "The rules deny it.", code=rule, hint="The proposal waits as it was.")
    said = f"carried through as {own}{f': {note}' if note else ''}"
    await close(connection, question, actor, "rejected", said, at)
    await record_answer(connection, question, actor, "superseded", said, at)
    return answer, claimed


def _key(approval: str) -> str:
    return f"instead of {approval}"


def _evidence(engine: Engine, places: Places, first: ActionRow, action: AnyAction) -> dict[str, Any]:
    evidence: dict[str, Any] = {**first.proposal["evidence"], "supersedes": first.id}
    if isinstance(action, Discount) and action != first.action and "message" in evidence:
        place = places.get(action.store)  # the first one's message speaks of more than this
        packs = carried(str(evidence["message"]), engine.limits.place(place.region, place.id).packs)
        evidence["message"] = disclosed(f"{action.percent} off for you today.", packs)
    return evidence


def _priced_at(first: ActionRow, prices: Mapping[str, Money], at: datetime) -> datetime | None:
    """When the prices behind it were seen: now, where they were asked for again and hold."""
    told = first.proposal["priced_at"]
    if told is None:
        return None
    lines = first.proposal["evidence"].get("lines", ())
    known = [prices[line["sku"]].minor == line["price"] for line in lines if line["sku"] in prices]
    if not all(known):
        raise Refused("The goods cost something else now than when this was proposed.", code="offers.price_moved")
    return at if known else datetime.fromisoformat(told)
