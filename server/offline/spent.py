"""The end of codes that a till used without a line: the platform was not asked, and would take them again."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount, EndDiscount
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CorrelationId
from tools.proposal import Decision, Origin, Proposal

TRANSACTION: Final = "offline:"  # what the transaction of every batch begins with
_MADE: Final = frozenset({"executed"})
_UNDER_WAY: Final = frozenset({"allowed", "executing"})
_HANDED: Final = f"""
    SELECT id, state, facts, correlation_id, coalesce(receipt ->> 'reference', '') AS reference FROM action
    WHERE id = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))) AND kind = 'discount'
      AND starts_with(facts ->> 'transaction', '{TRANSACTION}') ORDER BY id
"""  # noqa: S608  # our own text


class Ending(Protocol):
    """The guard, as far as ending codes needs it."""

    async def propose_all(self, actor_and_proposals: list[tuple[Actor, Proposal]]) -> list[Decision]:
        """Decide a burst in its order; workers carry out what is allowed."""
        ...

    async def finish(self, action_id: str) -> Decision:
        """Carry out what was allowed and is not done, or answer where it stands."""
        ...


@dataclass(frozen=True, slots=True)
class SpentCodes:
    """Ends them, each once.

    Attributes:
        speaker: Who proposes: the offers specialist, who gave them.
    """

    database: Database
    guard: Ending
    speaker: Actor

    async def end(self, register: Actor, used: Collection[str]) -> None:
        """Have the codes of these actions ended, as far as they were handed out beforehand; again it is the same.

        A code that is not made yet is made first, else it would come alive after its end. The money stays counted.

        Args:
            register: Who tells of it.
            used: Ids of actions.

        Raises:
            Unavailable: The database does not answer; the same may be asked again.
        """
        rows = await self.database.quick.rows(_HANDED, json.dumps(sorted(used))) if used else []
        ended = [self._proposal(row, row["reference"]) for row in rows if row["state"] in _MADE]
        for row in rows:
            if row["state"] in _UNDER_WAY:
                made = await self.guard.finish(row["id"])
                if made.state in _MADE:
                    ended.append(self._proposal(row, str((made.receipt or {}).get("reference", ""))))
        await self.guard.propose_all([(self._speaks(register, one), one) for one in ended])

    def _speaks(self, register: Actor, one: Proposal) -> Actor:
        here = frozenset({one.action.location})
        return replace(self.speaker, door=register.door, on_behalf_of=register.id, locations=here)

    def _proposal(self, row: dict[str, Any], reference: str) -> Proposal:
        given = read_action(row["facts"])
        assert isinstance(given, Discount)  # noqa: S101  # asked for by kind
        ended = EndDiscount(store=given.store, code=given.code, reference=reference, amount=given.amount)
        origin = Origin(CorrelationId(row["correlation_id"]), row["id"])
        why = "It was used without a line, where its money came off by hand."
        return Proposal(ended, f"spent:{row['id']}", origin, why, {"used": row["id"]})
