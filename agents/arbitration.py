"""Which of the specialists' proposals go to the guard: one per customer, basket and shelf, the most valuable first.

The guard would hold every one of them to the limits; this keeps one customer from hearing two things at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.actions.transfer import Transfer
from policies.vocabulary.actor import Actor
from tools.proposal import Proposal

Scope = tuple[str, ...]  # such as ("customer", "c_1") or ("transfer", "SKU-1", "STORE_1")


@dataclass(frozen=True, slots=True)
class Bid:
    """A proposal and who makes it."""

    actor: Actor
    proposal: Proposal

    @property
    def value(self) -> int:
        """What it is expected to earn or save, in minor units; 0 when its maker does not say."""
        told = self.proposal.evidence.get("expected_value", 0)
        return told if isinstance(told, int) else 0


@dataclass(frozen=True, slots=True)
class Arbitrated:
    """What goes on, most valuable first, and what does not, with a reason code each."""

    kept: tuple[Bid, ...]
    dropped: tuple[tuple[Bid, str], ...]


def scopes(action: AnyAction) -> tuple[Scope, ...]:
    """What an action takes for itself: no other of its kind may be open in the same scope."""
    if isinstance(action, Discount):
        basket = ("transaction", action.store, action.transaction)
        return (basket, ("customer", action.customer)) if action.customer else (basket,)
    if isinstance(action, Transfer):
        return tuple(("transfer", line.sku, action.destination) for line in action.lines)
    return ()


def arbitrate(
    bids: Sequence[Bid], *, taken: Iterable[Scope] = (), cancelled: frozenset[str] = frozenset()
) -> Arbitrated:
    """Choose; the same bids in any order give the same choice.

    Args:
        bids: Of all specialists, of one lane.
        taken: Scopes of actions that are open already.
        cancelled: Transactions and orders that were cancelled: nothing is offered on them.
    """
    used = set(taken)
    keys: set[tuple[str, str]] = set()
    kept: list[Bid] = []
    dropped: list[tuple[Bid, str]] = []
    for bid in sorted(bids, key=_rank):
        action = bid.proposal.action
        wants = scopes(action)
        name = (bid.actor.id, bid.proposal.key)
        if isinstance(action, Discount) and (
            action.transaction in cancelled or bid.proposal.evidence.get("order") in cancelled
        ):
            dropped.append((bid, "order.cancelled"))
        elif name in keys:
            dropped.append((bid, "proposal.repeated"))
        elif used.intersection(wants):
            dropped.append((bid, f"{action.kind}.already_open"))
        else:
            kept.append(bid)
            keys.add(name)
            used.update(wants)
    return Arbitrated(tuple(kept), tuple(dropped))


def _rank(bid: Bid) -> tuple[int, str, str, str]:
    """The action itself comes last: two under one key may differ, and which one goes on must not depend on order."""
    return (-bid.value, bid.actor.id, bid.proposal.key, bid.proposal.action.model_dump_json())
