"""Breaches send AI down a rung by themselves: looked for every minute, and whenever something was taken back."""

from datetime import datetime

from knowledge.store.connection import Connection
from knowledge.store.places import Place, Places
from policies.engine import Engine
from policies.ladder import Rung
from tools.ladder.breaches import Breach, breaches, ledger_fault, review_overdue
from tools.ladder.rungs import Move, Rungs, lower, move, read_rungs

BY = "schedule:ladder"


async def watch(  # noqa: PLR0913  # where and what to look at, and when
    connection: Connection, engine: Engine, places: Places, at: datetime, *, location: str = "", kind: str = ""
) -> list[Move]:
    """Demote wherever a breach stands, by one rung each; returns what moved.

    Args:
        connection: The transaction in which it happens.
        engine: Whose rollout plan says what a breach is.
        places: All locations.
        at: Now.
        location: Look at this one alone, and neither at the ledger nor at the reviews.
        kind: Look at this kind of action alone.
    """
    here = [places.get(location)] if location else list(places)
    if not await _anything(connection, engine, here, at, location, kind):
        return []
    rungs = await read_rungs(connection, engine.rollout, lock=True)
    # asked again behind the lock: whoever held it before may have demoted for the same breach
    found = await _anything(connection, engine, here, at, location, kind)
    moved: list[Move] = []
    for breach in found:
        place = places.get(breach.location) if breach.location else None
        after = _down(rungs, breach, place)
        if after is None:
            continue
        first, *along = lower(rungs, breach.capability, place, after, places)
        await move(
            connection, first, by=BY, reason=f"{breach.sentence()}.", evidence=breach.facts(), at=at, along=along
        )
        moved += [first, *along]
    return moved


async def _anything(  # noqa: PLR0913, PLR0917  # where and what to look at
    connection: Connection, engine: Engine, here: list[Place], at: datetime, location: str, kind: str
) -> list[Breach]:
    found = await breaches(connection, engine.rollout, here, at, kind=kind)
    if not location:
        found += await ledger_fault(connection)
        found += await review_overdue(connection, engine.rollout, at)
    one_each: dict[tuple[str, str], Breach] = {}
    for breach in found:  # several at one place at once send it down one rung, not several
        one_each.setdefault((breach.capability, breach.location), breach)
    return list(one_each.values())


def _down(rungs: Rungs, breach: Breach, place: Place | None) -> Rung | None:
    """The rung a breach sends AI to; `None` when it has nowhere to go, or was sent down for this very thing."""
    kept = rungs.kept.get((breach.capability, breach.location))
    told = kept.evidence if kept else {}
    if breach.name in {"ledger", "review"} and (told.get("breach"), told.get("of")) == (breach.name, breach.of):
        return None
    return rungs.at(breach.capability, place).below()
