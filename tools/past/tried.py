"""Trying rules on the past: what would change, in money, questions, refusals and single decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.engine import Engine
from policies.limits import Limits
from policies.rollout import Rollout
from tools.past.again import Again, Change, Judged
from tools.past.restate import Restate
from tools.past.sums import Sums, sums
from tools.past.tally import ByRule


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried.

    Attributes:
        engine: The rules to judge by: those in force, or others.
        limits: Other limits; `None` leaves every decision the limits it was made under.
        rollout: Another rollout; `None` leaves every decision the rung it was made on.
        locations: Whose decisions; `None` for all.
        top: How many changed decisions to tell.
    """

    since: datetime
    until: datetime
    engine: Engine
    limits: Limits | None = None
    rollout: Rollout | None = None
    locations: frozenset[str] | None = None
    top: int = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it; `judged` holds the sums it is made from."""

    trial: Trial
    judged: Judged
    chain: Sums
    locations: dict[str, Sums]

    @property
    def changed(self) -> int:
        """Decisions whose outcome would have been another, however open questions are answered."""
        return max(self.judged.approved.changed, self.judged.expired.changed)

    @property
    def rules(self) -> dict[str, ByRule]:
        """By rule id, in the replay where open questions are approved."""
        return self.judged.approved.rules

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        found = self.judged
        return {
            "since": self.trial.since.isoformat(),
            "until": self.trial.until.isoformat(),
            "rules": self.trial.engine.digest,
            "currency": found.currency,
            "decided": found.decided,
            "changed": self.changed,
            "changed_least": min(found.approved.changed, found.expired.changed),
            "moot": found.moot,
            "unknown": found.unknown,
            "other_currencies": found.foreign,
            "used": [found.seen.used.total(), found.seen.made.total()],
            "approved": [found.seen.approved, found.seen.asked],
            "chain": self.chain.facts(),
            "locations": {place: told.facts() for place, told in self.locations.items()},
            "by_rule": {
                name: {
                    "refused_then": rule.refused_then,
                    "refused": rule.refused,
                    "asked_then": rule.asked_then,
                    "asked": rule.asked,
                }
                for name, rule in self.rules.items()
            },
            "decisions": [_change(change) for change in found.top],
        }


async def try_rules(connection: Connection, places: Places, trial: Trial) -> Tried:
    """Judge the past again; nothing is kept or changed.

    Args:
        connection: In a transaction.
        places: The locations.
        trial: What is tried.
    """
    limits = trial.limits or trial.engine.limits
    again = Again(
        trial.engine,
        Restate(places, trial.limits, trial.rollout),
        places,
        lambda region, location: limits.place(region, location).approval.expires_s,
        trial.top,
    )
    found = await again.run(connection, trial.since, trial.until, trial.locations)
    at = sorted({place for place, _ in found.approved.rows})
    return Tried(
        trial,
        found,
        sums(found.approved, found.expired, found.seen),
        {place: sums(found.approved, found.expired, found.seen, frozenset({place})) for place in at},
    )


def _change(change: Change) -> dict[str, Any]:
    return {
        "action": change.id,
        "at": change.at.isoformat(),
        "location": change.location,
        "sentence": change.sentence,
        "before": change.before.value,
        "before_rules": list(change.before_rules),
        "after": change.after.value,
        "after_rules": [reason.rule for reason in change.after_reasons],
        "moved": {name: list(pair) for name, pair in change.moved.items()},
        "happened": change.happened,
        "money": change.money,
        "sure": change.sure,
    }
