"""What was decided on a basket before it changed, and whether that still is the answer.

An offer stands while its goods are in the basket, or while it would be made again. One sale is offered one thing at a
time, nothing more once that was applied, and nothing again once it was declined.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from knowledge.events.families import CheckoutFacts
from knowledge.store.quick import QuickReads
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.vocabulary.money import Money
from server.checkout.desk import CheckoutAnswer
from tools.proposal import TOLD_FROM

_GIVEN: Final = frozenset({"allowed", "executing", "executed"})
_USED: Final = frozenset({"applied", "redeemed", "accepted"})
_DECIDED: Final = f"""
    SELECT action.id, action.state, action.facts, action.actor_id, approval.id AS approval_id,
           action.proposal -> 'evidence' ->> 'message' AS message,
           ARRAY(SELECT kind FROM outcome WHERE outcome.action_id = action.id) AS kinds
    FROM action LEFT JOIN approval ON approval.action_id = action.id AND approval.state = 'waiting'
    WHERE action.kind = 'discount' AND action.facts ->> 'transaction' = $1 AND {TOLD_FROM} = $2
      AND (action.state IN ('waiting', 'allowed', 'executing', 'executed') OR EXISTS (
          SELECT 1 FROM outcome WHERE outcome.action_id = action.id AND kind = 'dismissed'))
    ORDER BY action.created_at DESC, action.id
"""  # noqa: S608  # our own text


@dataclass(slots=True)
class EarlierOffers:
    """The offers of one sale so far, newest first; one for each request.

    Attributes:
        revision: Of the basket that is asked about; its own decision is asked of the core again.
        speaker: Who proposes: only its own waiting proposal gives way.
    """

    quick: QuickReads
    speaker: str
    now: datetime
    _rows: Sequence[dict[str, Any]] = field(default=(), init=False)

    async def look(self, checkout: CheckoutFacts) -> CheckoutAnswer | None:
        """Read them; the answer when they settle the basket as it is now too."""
        self._rows = await self.quick.rows(_DECIDED, checkout.transaction, checkout.location)
        if any("dismissed" in row["kinds"] for row in self._rows):
            return CheckoutAnswer("silent", self.now, dismissed=True)
        here = {line.sku for line in checkout.lines}
        live = self._live()
        settled = [*filter(_used, live), *(row for row in live if here.issuperset(_discount(row).skus))]
        return self._answer(settled[0]) if settled else None

    def stands(self, discount: Discount) -> CheckoutAnswer | None:
        """The earlier answer, when what would be offered now is what it offers."""
        for row in self._live():
            if _terms(_discount(row)) == _terms(discount):
                return self._answer(row)
        return None

    def waits(self) -> str:
        """The speaker's proposal that waits for a person; "" for none."""
        waiting = (row["id"] for row in self._rows if row["state"] == "waiting" and row["actor_id"] == self.speaker)
        return next(waiting, "")

    def _live(self) -> list[dict[str, Any]]:
        alive = ({"waiting"} | _GIVEN).__contains__
        decided = [row for row in self._rows if alive(row["state"])]
        # what was used in time stays used, however long the sale goes on
        return [row for row in decided if _used(row) or _discount(row).valid_until > self.now]

    def _answer(self, row: dict[str, Any]) -> CheckoutAnswer:
        discount = _discount(row)
        found = CheckoutAnswer(
            "waiting_for_manager", self.now, decision_id=row["id"], approval_id=row["approval_id"] or ""
        )
        if row["state"] == "waiting":
            return found
        words = row["message"] or f"{discount.percent} off for you today."
        return CheckoutAnswer("offered", self.now, discount, words, row["id"], used=_used(row))


def _used(row: dict[str, Any]) -> bool:
    return not _USED.isdisjoint(row["kinds"])


def _discount(row: dict[str, Any]) -> Discount:
    action = read_action(row["facts"])
    assert isinstance(action, Discount)  # noqa: S101  # asked for by kind
    return action


def _terms(discount: Discount) -> tuple[str, int, str, Money]:
    return (json.dumps(sorted(discount.skus)), discount.percent.basis_points, discount.customer or "", discount.base)
