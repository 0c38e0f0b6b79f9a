"""list_approvals: what waits for a person's yes or no, where the caller may look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.actions.any_action import AnyAction, read_action
from policies.vocabulary.ids import LocationId
from tools.outside import OutsideText
from tools.read.amount import Amount
from tools.read.fields import Cursor, OptionalIdentifier
from tools.read.page import next_page, page_start
from tools.read.place import known, seen_by
from tools.tool import Answer, Arguments, Call, Tool

_WAITING = text(
    """
    SELECT approval.id, approval.action_id, approval.needs, approval.asked_at, approval.expires_at,
           action.facts, action.proposal, action.verdict, action.actor_id, action.location_id
    FROM approval JOIN action ON action.id = approval.action_id
    WHERE approval.state = 'waiting' AND approval.expires_at > :at
      AND (CAST(:every_kind AS bool) OR action.kind = ANY(CAST(:kinds AS text[])))
      AND (CAST(:everywhere AS bool) OR approval.location_id = ANY(CAST(:locations AS text[])))
    ORDER BY approval.asked_at, approval.id OFFSET :start LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One action that waits for a person; `rationale` is the proposer's sentence, `alternatives` ours."""

    approval_id: str
    action_id: str
    needs: str
    action: AnyAction
    location: LocationId
    proposed_by: str
    rationale: str
    reasons: tuple[str, ...]
    asked_at: datetime
    expires_at: datetime
    alternatives: tuple[str, ...] = ()


async def waiting(  # noqa: PLR0913  # of where and of what, as of when, and which page
    connection: Connection,
    locations: Sequence[LocationId] | None,
    at: datetime,
    *,
    kinds: Sequence[str] | None = None,
    start: int = 0,
    limit: int,
) -> list[Waiting]:
    """Approvals still open at `at`, longest waiting first; `locations` or `kinds` of `None` mean all of them."""
    rows = await connection.execute(
        _WAITING,
        {
            "at": at,
            "every_kind": kinds is None,
            "kinds": list(kinds or ()),
            "everywhere": locations is None,
            "locations": list(locations or ()),
            "start": start,
            "limit": limit,
        },
    )
    return [_read(row) for row in rows]


class ListApprovals(Arguments):
    """Everywhere the caller may look, or at one location."""

    location_id: OptionalIdentifier = ""
    limit: Annotated[int, Field(ge=1, le=50)] = 20
    cursor: Cursor = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


class Approval(Answer):
    """One waiting action in a person's words; unanswered at `expires_at`, the answer is no."""

    approval_id: str
    action_id: str
    needs: Literal["confirm", "approve", "approve_two"]
    action: str
    at_stake: Amount
    location_id: str
    proposed_by: str
    rationale: OutsideText
    reasons: tuple[str, ...]
    alternatives: tuple[str, ...]
    asked_at: datetime
    expires_at: datetime


class Approvals(Answer):
    """Longest waiting first."""

    approvals: tuple[Approval, ...]
    as_of: datetime
    truncated: bool
    next_cursor: str


def approvals_tool(database: Database, places: Places, now: Callable[[], datetime]) -> Tool:
    """The tool over the approval queue."""

    async def find(call: Call, asked: ListApprovals) -> Approvals:
        if asked.location_id:
            known(places, asked.location_id)
        start = page_start(asked.cursor)
        at = now()
        async with database.reading() as connection:
            found = await waiting(
                connection, seen_by(call.actor, asked.location_id), at, start=start, limit=asked.limit + 1
            )
        more = len(found) > asked.limit
        return Approvals(
            approvals=tuple(map(_answer, found[: asked.limit])),
            as_of=at,
            truncated=more,
            next_cursor=next_page(start + asked.limit) if more else "",
        )

    return Tool(
        name="list_approvals",
        toolset="approvals",
        title="List approvals",
        description="Actions that wait for a person: what would happen, money at stake, who asks, why, and until when.",
        effect=Effect.READ,
        arguments=ListApprovals,
        answer=Approvals,
        run=find,
    )


def _read(row: Any) -> Waiting:
    evidence: Mapping[str, Any] = row.proposal.get("evidence") or {}
    return Waiting(
        approval_id=row.id,
        action_id=row.action_id,
        needs=row.needs,
        action=read_action(row.facts),
        location=LocationId(row.location_id),
        proposed_by=row.actor_id,
        rationale=str(row.proposal.get("rationale", "")),
        reasons=tuple(reason["sentence"] for reason in row.verdict.get("reasons", ())),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        alternatives=tuple(map(str, evidence.get("alternatives", ()))),
    )


def _answer(each: Waiting) -> Approval:
    return Approval.model_validate(
        {
            "approval_id": each.approval_id,
            "action_id": each.action_id,
            "needs": each.needs,
            "action": each.action.sentence(),
            "at_stake": Amount.of(each.action.money_at_stake),
            "location_id": each.location,
            "proposed_by": each.proposed_by,
            "rationale": each.rationale,
            "reasons": each.reasons,
            "alternatives": each.alternatives,
            "asked_at": each.asked_at,
            "expires_at": each.expires_at,
        }
    )
