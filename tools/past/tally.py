"""Sums of decisions by location, day and rule, of what happened and of what would have."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tools.past.effect import Effect
from tools.past.recorded import Recorded

FIELDS: Final = (
    "decided",
    "given_then",
    "given",
    "if_used",
    "if_approved",
    "if_both",
    "promised_then",
    "promised",
    "promised_if_approved",
    "asked_then",
    "asked",
    "new_questions",
    "seconds_then",
    "seconds",
    "refused_then",
    "refused",
)
"""The places of one sum: a row of whole numbers, so that days can be drawn and added up."""

Row = list[int]


@dataclass(slots=True)
class ByRule:
    """How often a rule was among those that decided, then and now: refusing, or asking for a person."""

    refused_then: int = 0
    refused: int = 0
    asked_then: int = 0
    asked: int = 0


@dataclass(slots=True)
class Tally:
    """One replay's sums.

    Attributes:
        rows: By location and local day.
        rules: By rule.
    """

    rows: dict[tuple[str, str], Row] = field(default_factory=dict[tuple[str, str], Row])
    rules: dict[str, ByRule] = field(default_factory=dict[str, ByRule])
    changed: int = 0

    def count(  # noqa: PLR0913  # a decision, twice
        self, one: Recorded, day: str, then: Effect, now: Effect, rules_now: tuple[str, ...], *, money: bool
    ) -> None:
        """Add one decision; `money` is false for one in another currency than the report's."""
        row = self.rows.setdefault((one.situation.location, day), [0] * len(FIELDS))
        paid = 1 if money else 0
        told = (
            1,
            then.given * paid,
            now.given * paid,
            now.if_used * paid,
            now.if_approved * paid,
            now.if_both * paid,
            then.promised * paid,
            now.promised * paid,
            now.promised_if_approved * paid,
            then.asked,
            now.asked,
            now.new,
            then.seconds,
            now.seconds,
            then.refused,
            now.refused,
        )
        for place, value in enumerate(told):
            row[place] += value
        if then.refused or then.asked:
            for name in one.rules:
                rule = self.rules.setdefault(name, ByRule())
                rule.refused_then += then.refused
                rule.asked_then += then.asked
        if now.refused or now.asked:
            for name in rules_now:
                rule = self.rules.setdefault(name, ByRule())
                rule.refused += now.refused
                rule.asked += now.asked


@dataclass(slots=True)
class Seen:
    """Shares that were really seen: of offers made, how many were used; of questions, how many got a yes, how fast."""

    made: Counter[str] = field(default_factory=Counter[str])
    used: Counter[str] = field(default_factory=Counter[str])
    asked: int = 0
    approved: int = 0
    seconds: int = 0

    def count(self, one: Recorded) -> None:
        """Add what happened to one decision."""
        if one.discount and one.made:
            self.made[one.situation.location] += 1
            self.used[one.situation.location] += one.accepted
        if one.answer in {"approved", "rejected", "expired"}:
            self.asked += 1
            self.approved += one.answer == "approved"
            self.seconds += one.answered_s

    def shares(self, least: int) -> Mapping[str, tuple[int, int]]:
        """Used and made by location; the chain's, under "", for locations with fewer than `least` offers made."""
        told = {place: (self.used[place], made) for place, made in self.made.items() if made >= least}
        return {**told, "": (self.used.total(), self.made.total())}
