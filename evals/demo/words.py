"""What was decided, in words for whoever runs a shop."""

from collections.abc import Mapping
from typing import Any, Final

from evals.retailer.world import World
from policies.actions.any_action import AnyAction, read_action
from policies.actions.discount import Discount
from policies.actions.transfer import Transfer
from policies.vocabulary.money import Money

ASSISTANT: Final = "assistant:floor"
MANAGER: Final = "manager:ada"
WHO: Final = {
    "specialist:offers": "Offers",
    "specialist:inventory": "Stock",
    "specialist:purchases": "Thanks",
    ASSISTANT: "The assistant",
    MANAGER: "The manager",
}
_LONGEST: Final = 46  # characters of a title


def said(world: World, row: Any) -> str:
    """A new decision, in one line.

    Args:
        world: For the names of places and goods.
        row: `facts`, `state`, `verdict`, `actor_id` and `door` of an action.
    """
    action = read_action(row.facts)
    what = _what(world, action, at_register=row.door == "checkout")
    who = WHO.get(row.actor_id, row.actor_id)
    return f"{who}: {what}{_outcome(row.state, row.verdict)}"


def answer_said(world: World, row: Any) -> str:
    """A person's answer to what waited, in one line; `facts`, `state` and `decided_by`."""
    who = WHO.get(row.decided_by, row.decided_by)
    what = _what(world, read_action(row.facts), at_register=False)
    return f"{who} {'says yes' if row.state == 'approved' else 'says no'}: {what}."


def dollars(money: Money) -> str:
    """An amount as a shop writes it."""
    return f"${money.decimal():,.2f}" if money.currency == "USD" else str(money)


def _what(world: World, action: AnyAction, *, at_register: bool) -> str:
    if isinstance(action, Discount):
        goods = _title(world, action.skus[0]) if action.skus else "the whole basket"
        more = f" and {len(action.skus) - 1} more" if len(action.skus) > 1 else ""
        whom = "a customer at the register" if at_register else "a customer"
        place = _place(world, action.store)
        return f"{action.percent} off {goods}{more} ({dollars(action.amount)}) for {whom}, {place}"
    if isinstance(action, Transfer):
        line = action.lines[0]
        more = f" and {len(action.lines) - 1} more" if len(action.lines) > 1 else ""
        origin, destination = _place(world, action.origin), _place(world, action.destination)
        worth = dollars(action.value)
        return f"move {line.units} x {_title(world, line.sku)}{more} ({worth}) from {origin} to {destination}"
    return action.sentence().rstrip(".")


def _outcome(state: str, verdict: Mapping[str, Any]) -> str:
    why = " ".join(reason["sentence"] for reason in verdict["reasons"][:1])
    if state == "denied":
        return f". Refused: {why or 'the rules do not allow it.'}"
    if state in {"waiting", "rejected", "expired"}:
        return f". Waits for a manager: {why}"
    return "."


def _place(world: World, code: str) -> str:
    return world.places[code].name if code in world.places else code


def _title(world: World, sku: str) -> str:
    title = world.variants[sku].title if sku in world.variants else sku
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1]}…"
