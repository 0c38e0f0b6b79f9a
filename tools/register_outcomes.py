"""What a register says became of offers: shown, put on the basket, declined, or paid with; settled once each.

A register that was offline tells late, in any order, and again when no answer arrived. Each kind is kept once for an
offer, whoever tells it how often; the money is what the platform's own order says, never what a register says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from knowledge.store.connection import Connection
from policies.vocabulary.ids import LocationId
from tools import outcome_row
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.outcome_row import Offer, Outcome, by_code, by_id

Kind = Literal["shown", "applied", "dismissed", "redeemed"]
USED: Final = frozenset({"applied", "redeemed"})
"""What says that an offer is on a basket, or was paid with."""

_KEPT: Final = timedelta(days=30)  # that a register without a line may keep what it has to tell
_NEVER: Final = frozenset({"denied", "waiting", "rejected", "expired"})


@dataclass(frozen=True, slots=True)
class Telling:
    """One word of a register.

    Attributes:
        action: Which offer; "" when its code alone is known.
        code: Of the offer; "" when `action` names it.
        order: The platform's name of the order it was used on; "" when nobody knows yet.
    """

    kind: Kind
    action: str
    code: str
    order: str
    at: datetime


async def settle_tellings(
    connection: Connection, tellings: Sequence[Telling], location: LocationId, *, told_by: str, at: datetime
) -> list[str]:
    """Keep what is new of them, with its record; for each, in their order, the offer of this location that is meant.

    Args:
        connection: The transaction it becomes part of.
        tellings: In any order.
        location: Where the register stands; it tells of its own location's offers alone.
        told_by: The register and who is signed in there, for the record.
        at: Now.

    Returns:
        Ids of actions; "" where none is meant.
    """
    ids = await by_id(connection, [each.action for each in tellings if each.action])
    codes = await by_code(connection, [each.code for each in tellings if not each.action and each.code])
    meant = [_offer(each, ids, codes, location) for each in tellings]
    entries: list[Entry] = []
    # one order for everybody, so that two registers never wait for each other in a circle; the earliest telling is kept
    known = [
        (offer.id, each.kind, _occurred(each, at), place)
        for place, each in enumerate(tellings)
        if (offer := meant[place])
    ]
    for *_, place in sorted(known):
        offer, each = meant[place], tellings[place]
        assert offer is not None  # noqa: S101  # chosen so
        entry = await _kept(connection, each, offer, told_by, at)
        if entry is not None:
            entries.append(entry)
    await append(connection, entries)
    return [offer.id if offer else "" for offer in meant]


def _offer(
    telling: Telling, ids: Mapping[str, Offer], codes: Mapping[str, Offer], location: LocationId
) -> Offer | None:
    offer = ids.get(telling.action) if telling.action else codes.get(telling.code)
    return offer if offer is not None and offer.told_from == location else None


async def _kept(connection: Connection, telling: Telling, offer: Offer, told_by: str, at: datetime) -> Entry | None:
    occurred = _occurred(telling, at)
    flags = _flags(telling, offer, occurred)
    outcome = Outcome(offer.id, telling.kind, offer.id, telling.order, None)
    if not await outcome_row.add(connection, outcome, currency=offer.currency, flags=flags, occurred=occurred, at=at):
        return None
    body: dict[str, Any] = {
        "order": telling.order,
        "occurred_at": occurred.isoformat(),
        "told_by": told_by,
        "flags": list(flags),
    }
    return Entry(telling.kind, at, body, offer.id, offer.correlation)


def _occurred(telling: Telling, at: datetime) -> datetime:
    """When it happened, as far as that can be: a register's clock may run ahead, or have lost its battery."""
    return max(min(telling.at, at), at - _KEPT)


def _flags(telling: Telling, offer: Offer, occurred: datetime) -> tuple[str, ...]:
    """What is not as it was decided: used after its time, or although it never was allowed."""
    if telling.kind not in USED:
        return ()
    found = {"late": occurred > offer.valid_until, "not_allowed": offer.state in _NEVER}
    return tuple(name for name, holds in found.items() if holds)
