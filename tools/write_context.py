"""What goes with the write of an action, whoever carries it out."""

from policies.vocabulary.ids import CorrelationId
from tools.action_row import ActionRow, write_key
from tools.platform import WriteContext


def context_of(row: ActionRow, *, unsure: bool = False) -> WriteContext:
    """What the write of an action carries."""
    return WriteContext(
        key=write_key(row.id),
        action=row.id,
        actor=row.actor.id,
        approval=row.approval_id,
        trace=CorrelationId(row.correlation),
        reason=str(row.proposal.get("rationale", "")),
        since=row.created_at,
        unsure=unsure,
    )
