"""The rungs as they are kept: read whole, moved one at a time, every move on record with its evidence."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Place
from policies.ladder import Rung, TrackRecord
from policies.rollout import CHAIN, Rollout
from tools.audit.entry import Entry, canonical
from tools.audit.ledger import append

# Whoever moves a rung waits here for the one before: two at once must not climb two, nor one breach send down two.
_QUEUE_UP: Final = text("SELECT pg_advisory_xact_lock(7203412)")
_ALL: Final = text("SELECT capability, location_id, rung, set_by, set_at, reason, evidence FROM rung")
_SET: Final = text(
    """
    INSERT INTO rung (capability, location_id, rung, set_by, set_at, reason, evidence)
    VALUES (:capability, :location, :rung, :by, :at, :reason, CAST(:evidence AS jsonb))
    ON CONFLICT (capability, location_id) DO UPDATE
    SET rung = :rung, set_by = :by, set_at = :at, reason = :reason, evidence = CAST(:evidence AS jsonb)
    """
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A rung somebody or a breach set; `evidence` is JSON."""

    rung: Rung
    set_by: str
    set_at: datetime
    reason: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """One kind of action went from one rung to another; `location` is "" for the chain."""

    capability: str
    location: str
    before: Rung
    after: Rung


class Rungs:
    """Every rung that is kept, over the plan they began with, as of one moment."""

    def __init__(self, rollout: Rollout, kept: dict[tuple[str, str], Kept]) -> None:
        self._rollout = rollout
        self.kept = kept
        self._set = {key: each.rung for key, each in kept.items()}

    def at(self, capability: str, place: Place | None) -> Rung:
        """How far AI may go with a kind of action at a place, or across the chain."""
        region, name = (place.region, place.id) if place else ("", CHAIN)
        return self._rollout.rung(capability, region, name, self._set)

    def since(self, capability: str, place: Place | None) -> datetime | None:
        """When AI came to its rung there; `None` when it began there."""
        follows = place is None or self.follows_chain(capability, place)
        kept = self.kept.get((capability, CHAIN if place is None or follows else place.id))
        return kept.set_at if kept else None

    def follows_chain(self, capability: str, place: Place) -> bool:
        """Whether nothing more particular than the chain's rung is said of this place."""
        told = self._rollout.names(capability, place.region, place.id)
        return not told and (capability, place.id) not in self.kept


async def read_rungs(connection: Connection, rollout: Rollout, *, lock: bool = False) -> Rungs:
    """All of them; locked against every other move until the transaction ends when asked so."""
    if lock:
        await connection.execute(_QUEUE_UP)
    rows = await connection.execute(_ALL)
    return Rungs(
        rollout,
        {
            (row.capability, row.location_id): Kept(Rung(row.rung), row.set_by, row.set_at, row.reason, row.evidence)
            for row in rows
        },
    )


async def move(  # noqa: PLR0913  # what moves, on whose word, why and when
    connection: Connection,
    moved: Move,
    *,
    by: str,
    reason: str,
    evidence: dict[str, Any],
    at: datetime,
    along: Iterable[Move] = (),
) -> None:
    """Keep a move and put it on record; `along` are the locations that go down with the chain."""
    entries: list[Entry] = []
    for each in (moved, *along):
        told = {
            "capability": each.capability,
            "location": each.location,
            "rung": each.after.value,
            "by": by,
            "at": at,
            "reason": reason,
            "evidence": canonical(evidence),
        }
        await connection.execute(_SET, told)
        step = "climbed" if each.after.height > each.before.height else "demoted"
        where = each.location or "the chain"
        body = {
            "step": step,
            "capability": each.capability,
            "location": each.location,
            "before": each.before.value,
            "after": each.after.value,
            "by": by,
            "reason": reason,
            "evidence": evidence,
            "sentence": f"{each.capability} at {where} {step} from {each.before.value} to {each.after.value}: {reason}",
        }
        entries.append(Entry("ladder", at, body))
    await append(connection, entries)


def lower(rungs: Rungs, capability: str, place: Place | None, to: Rung, places: Iterable[Place]) -> list[Move]:
    """The move down at a place; across the chain, with it every location that stands higher."""
    moves = [Move(capability, place.id if place else CHAIN, rungs.at(capability, place), to)]
    if place is None:
        for each in places:
            own = rungs.at(capability, each)
            follows = rungs.follows_chain(capability, each)
            if own.height > to.height and not follows:
                moves.append(Move(capability, each.id, own, to))
    return moves


def facts(record: TrackRecord) -> dict[str, Any]:
    """A track record as evidence: JSON."""
    told = asdict(record)
    return {
        **told,
        "rung": record.rung.value,
        "since": record.since.isoformat() if record.since else "",
        "review": record.review.isoformat() if record.review else "",
        "breaches": list(record.breaches),
    }
