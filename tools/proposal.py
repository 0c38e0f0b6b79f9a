"""An action somebody wants, with why and on what evidence."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from policies.actions.any_action import AnyAction
from policies.decision import Verdict
from policies.situation import Situation
from policies.vocabulary.ids import CorrelationId

REGISTER_AT: Final = "register_location"
"""In evidence: where the register stands that is told of an offer, when that counts elsewhere, as the online shop's."""

TOLD_FROM: Final = f"coalesce(action.proposal -> 'evidence' ->> '{REGISTER_AT}', action.location_id)"
"""The same in a question to the store: the location whose registers show an offer, and tell what became of it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a proposal comes from: the story it belongs to and the step before it.

    Attributes:
        causation: The event's or call's id.
        occurred_at: When what it reacts to happened; a late event may trigger no offers. `None` when a person acts now.
    """

    correlation: CorrelationId
    causation: str
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the guard decides on.

    Attributes:
        key: The idempotency key, unique per actor: the same key again returns the first decision.
        rationale: One sentence for the manager, without personal data; never a model's chain of thought.
        evidence: The facts it rests on, by reference; JSON without personal data.
        priced_at: When the prices behind it were seen; `None` when the register itself just told them.
        model: Name and prompt hash of the model that chose or worded it; "" when none did.
        witness: Called with what was judged before anything is kept or counted; what it raises is the answer.
    """

    action: AnyAction
    key: str
    origin: Origin
    rationale: str
    evidence: dict[str, Any] = field(default_factory=dict[str, Any])
    priced_at: datetime | None = None
    model: str = ""
    witness: Callable[[Situation, Verdict], None] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a proposal.

    Attributes:
        state: Of the action row: denied, waiting, allowed, executing, executed, failed, ...
        outcome: The verdict's outcome: allow, confirm, approve or deny.
        reasons: Rule id and sentence of each rule that decided.
        replayed: The same key was used before; this is the first answer, as it stands now.
    """

    action_id: str
    state: str
    outcome: str
    reasons: tuple[tuple[str, str], ...]
    approval_id: str | None = None
    expires_at: datetime | None = None
    receipt: dict[str, Any] | None = None
    replayed: bool = False
    error: str = ""
