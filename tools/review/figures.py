"""The week's counts, for the chain and for each location: what was wanted, allowed, used, asked and refused."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tools.review.happened import Happened
from tools.review.proportions import Share, nearest_rank


@dataclass(slots=True)
class Offers:
    """Discounts; money in minor units, by currency.

    Attributes:
        made: Codes that were made on a platform, undone ones too.
        shown: Those a register told were shown. Most registers do not say, so it is a lower bound.
        accepted: Those an order used.
        given: Money taken off those orders, less what came back.
        margin: Left over unit cost on accepted offers; those of unknown cost are counted in `uncosted` instead.
    """

    proposed: int = 0
    made: int = 0
    shown: int = 0
    accepted: int = 0
    undone: int = 0
    refused: int = 0
    promised: Counter[str] = field(default_factory=Counter[str])
    given: Counter[str] = field(default_factory=Counter[str])
    margin: Counter[str] = field(default_factory=Counter[str])
    uncosted: int = 0

    def count(self, one: Happened) -> None:
        """Add one discount."""
        self.proposed += 1
        self.made += one.made
        self.undone += one.state == "undone"
        self.refused += one.refused
        self.promised[one.currency] += one.money if one.made else 0
        if one.given is not None:
            self.accepted += 1
            self.given[one.currency] += one.given
            self.margin[one.currency] += one.margin or 0
            self.uncosted += one.margin is None
        self.shown += one.shown or one.given is not None

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "proposed": self.proposed,
            "made": self.made,
            "shown_at_least": self.shown,
            "accepted": self.accepted,
            "acceptance": Share(self.accepted, max(self.made, self.accepted)).facts(),
            "undone": self.undone,
            "refused": self.refused,
            "promised": dict(self.promised),
            "given": dict(self.given),
            "margin_kept": dict(self.margin),
            "margin_unknown": self.uncosted,
        }


@dataclass(slots=True)
class Figures:
    """Everything counted of one location, or of the chain."""

    offers: Offers = field(default_factory=Offers)
    others: dict[str, Counter[str]] = field(default_factory=dict[str, "Counter[str]"])
    answers: Counter[str] = field(default_factory=Counter[str])
    seconds: list[int] = field(default_factory=list[int])
    refusals: Counter[str] = field(default_factory=Counter[str])

    def count(self, one: Happened) -> None:
        """Add one action."""
        if one.kind == "discount":
            self.offers.count(one)
        else:
            other = self.others.setdefault(one.kind, Counter())
            other["proposed"] += 1
            other["made"] += one.made
            other["refused"] += one.refused
            other["undone"] += one.state == "undone"
            other["failed"] += one.state == "failed"
        if one.answer:
            self.answers["asked"] += 1
            self.answers[one.answer] += 1
        if one.answered_s is not None:
            self.seconds.append(one.answered_s)
        if one.refused:
            self.refusals.update(one.rules)

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "offers": self.offers.facts(),
            "others": {
                kind: {name: other[name] for name in ("proposed", "made", "refused", "undone", "failed")}
                for kind, other in self.others.items()
            },
            "approvals": {
                **{name: self.answers[name] for name in ("asked", "approved", "rejected", "expired", "waiting")},
                "median_s": nearest_rank(self.seconds, 50),
                "p90_s": nearest_rank(self.seconds, 90),
            },
            "refusals": dict(self.refusals),
        }
