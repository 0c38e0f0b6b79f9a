"""What is open or settled already, so that a burst does not ask for it again; one question per burst."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from agents.arbitration import Bid, Scope, scopes
from knowledge.store.connection import Connection
from knowledge.store.quick import QuickReads
from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.actions.transfer import Transfer

OPEN_STATES = frozenset({"waiting", "allowed", "executing"})
LIVE_STATES = OPEN_STATES | {"executed"}

_OPEN = text(
    """
    SELECT facts FROM action
    WHERE state IN ('waiting', 'allowed', 'executing')
      AND (   (kind = 'discount' AND facts ->> 'customer' = ANY(CAST(:customers AS text[])))
           OR (kind = 'discount' AND facts ->> 'transaction' = ANY(CAST(:transactions AS text[])))
           OR (kind = 'transfer' AND facts ->> 'destination' = ANY(CAST(:destinations AS text[]))))
    """
)
_CANCELLED = text("SELECT id FROM purchase WHERE cancelled AND id = ANY(CAST(:orders AS text[]))")
_DECIDED = text(
    """
    SELECT idempotency_key, state, facts FROM action
    WHERE actor_id = :actor AND idempotency_key = ANY(CAST(:keys AS text[]))
    """
)
_DECIDED_ONE: Final = "SELECT state, facts FROM action WHERE actor_id = $1 AND idempotency_key = $2"


@dataclass(frozen=True, slots=True)
class Settled:
    """An action that exists under a key: its state and stored facts."""

    state: str
    facts: dict[str, Any]


async def settled(connection: Connection, actor: str, keys: Collection[str]) -> dict[str, Settled]:
    """What became of an actor's earlier proposals, by idempotency key; keys never used are absent."""
    rows = await connection.execute(_DECIDED, {"actor": actor, "keys": sorted(keys)})
    return {row.idempotency_key: Settled(row.state, row.facts) for row in rows}


async def settled_now(quick: QuickReads, actor: str, key: str) -> Settled | None:
    """What became of one earlier proposal; `None` when the key was never used."""
    rows = await quick.rows(_DECIDED_ONE, actor, key)
    return Settled(rows[0]["state"], rows[0]["facts"]) if rows else None


class Standing:
    """Reads what bids would collide with."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def around(self, bids: Sequence[Bid]) -> tuple[frozenset[Scope], frozenset[str]]:
        """Scopes taken by open actions, and cancelled orders the bids are about."""
        discounts = [bid.proposal.action for bid in bids if isinstance(bid.proposal.action, Discount)]
        transfers = [bid.proposal.action for bid in bids if isinstance(bid.proposal.action, Transfer)]
        orders = sorted({str(bid.proposal.evidence["order"]) for bid in bids if bid.proposal.evidence.get("order")})
        async with self._database.reading() as connection:
            rows = await connection.execute(
                _OPEN,
                {
                    "customers": sorted({action.customer for action in discounts if action.customer}),
                    "transactions": sorted({action.transaction for action in discounts}),
                    "destinations": sorted({action.destination for action in transfers}),
                },
            )
            taken = {scope for row in rows for scope in scopes(read_action(row.facts))}
            gone = (await connection.execute(_CANCELLED, {"orders": orders})).scalars() if orders else ()
            return frozenset(taken), frozenset(gone)
