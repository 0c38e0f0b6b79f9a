"""The road every proposing tool takes: recognize a retry, else build the action, then ask the guard."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.privacy.scrub import scrub
from knowledge.store.session import Database
from policies.actions.any_action import AnyAction
from policies.errors import Refused
from tools.action_row import ActionRow
from tools.proposal import Proposal
from tools.propose.decided import Decided, decided
from tools.propose.deciding import Deciding
from tools.propose.once import KEY_REUSED, first_of
from tools.propose.write import WriteArguments
from tools.tool import Call


@dataclass(frozen=True, slots=True)
class Draft:
    """An action and the facts it was built from; `priced_at` is the age of the oldest price in it."""

    action: AnyAction
    evidence: dict[str, Any]
    priced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """What proposing needs, handed to every tool at start."""

    database: Database
    guard: Deciding
    now: Callable[[], datetime]

    async def ask(self, tool: str, call: Call, asked: WriteArguments, draft: Callable[[], Awaitable[Draft]]) -> Decided:
        """The guard's decision on what was asked for.

        Args:
            tool: Its name, part of what makes two requests the same.
            call: Who asks.
            asked: What for.
            draft: Builds the action from the facts of now; not called for a retry.

        Raises:
            Refused: The key was used for another request, or the action cannot be built.
        """
        digest = asked.digest(tool)
        first = await first_of(self.database, call.actor, asked.idempotency_key, digest)
        if first is not None:
            return self._again(first)
        drafted = await draft()
        proposal = Proposal(
            action=drafted.action,
            key=asked.idempotency_key,
            origin=call.origin,
            rationale=scrub(asked.reason).text,  # typed by a person or a model: it may name a customer
            evidence={"tool": tool, "request": digest, **drafted.evidence},
            priced_at=drafted.priced_at,
        )
        if asked.dry_run:
            would = await self.guard.preview(call.actor, proposal)
            return decided(would, drafted.action, self.now(), dry_run=True)
        try:
            decision = await self.guard.propose(call.actor, proposal)
        except Refused as error:
            if error.code != KEY_REUSED:
                raise
            # the same request, sent twice at once, drafted twice: the guard kept one of the two
            first = await first_of(self.database, call.actor, asked.idempotency_key, digest)
            if first is None:
                raise
            return self._again(first)
        return decided(decision, drafted.action, self.now())

    def _again(self, first: ActionRow) -> Decided:
        return decided(first.decision(replayed=True), first.action, self.now())
