"""The verdict on one action, and the approval that would change it."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """From freest to strictest; the order is what combining objections uses."""

    ALLOW = "allow"
    CONFIRM = "confirm"  # the same person says yes once more
    APPROVE = "approve"  # another person, a manager, says yes
    APPROVE_TWO = "approve_two"  # two managers do, each for themselves
    DENY = "deny"

    @property
    def strictness(self) -> int:
        """0 for allow to 4 for deny."""
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is: a rule's id, and its sentence for the person reading."""

    rule: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one action in one situation.

    Attributes:
        rules: Hash of the rules, schema and limits that decided, so that the decision can be recomputed.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    rules: str
