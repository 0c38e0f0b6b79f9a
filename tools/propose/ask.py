"""The road every proposing tool takes: recognize a retry, else build the action, then ask the guard."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from knowledge.privacy.scrub import scrub
from knowledge.store.session import Database
from policies.actions.any_action import AnyAction
from policies.decision import Verdict
from policies.errors import Refused
from policies.situation import Situation
from policies.vocabulary.actor import Actor
from tools.action_row import ActionRow
from tools.proposal import Proposal
from tools.propose.decided import Change, Decided, decided, planned
from tools.propose.deciding import Deciding
from tools.propose.once import KEY_REUSED, first_of
from tools.propose.plan import Facts, Plans
from tools.propose.rests_on import rests_on
from tools.propose.write import WriteArguments
from tools.tool import Call


@dataclass(frozen=True, slots=True)
class Draft:
    """An action and the facts it was built from.

    Attributes:
        priced_at: The age of the oldest price in it.
        changes: What would be different afterwards; needed for a dry run and under a plan.
    """

    action: AnyAction
    evidence: dict[str, Any]
    priced_at: datetime | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """What proposing needs, handed to every tool at start."""

    database: Database
    guard: Deciding
    now: Callable[[], datetime]
    plans: Plans

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
            return await self._preview(call.actor, proposal, drafted, digest)
        if asked.plan_id:
            proposal = replace(proposal, witness=self._held_to(asked.plan_id, call.actor, proposal, drafted, digest))
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

    async def _preview(self, actor: Actor, proposal: Proposal, drafted: Draft, digest: str) -> Decided:
        seen: list[Facts] = []

        def witness(situation: Situation, verdict: Verdict) -> None:
            seen.append(rests_on(digest, proposal, drafted.changes, situation, verdict))

        would = await self.guard.preview(actor, replace(proposal, witness=witness))
        at = self.now()
        plan = self.plans.issue(actor, seen[-1], at) if seen else None
        return planned(decided(would, drafted.action, at, dry_run=True), drafted.changes, plan)

    def _held_to(
        self, plan: str, actor: Actor, proposal: Proposal, drafted: Draft, digest: str
    ) -> Callable[[Situation, Verdict], None]:
        def witness(situation: Situation, verdict: Verdict) -> None:
            self.plans.check(plan, actor, rests_on(digest, proposal, drafted.changes, situation, verdict), self.now())

        return witness

    def _again(self, first: ActionRow) -> Decided:
        return decided(first.decision(replayed=True), first.action, self.now())
