"""What a retailer says of moving goods: what each lane takes, costs and lasts, and how many units go in a pack.

Said of one lane, of all from or to a location, or of all: `*` stands for any, and the most particular word counts,
figure by figure. Of a location to itself it says how many packs it handles a day. What nobody says is a constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
from sqlalchemy import text

from knowledge.planning.moving import Network, Whole
from knowledge.store.connection import Connection

ANY: Final = "*"
COST: Final = 60  # minor units per pack moved, both ends handled
PACKS: Final = 40  # a lane takes a night
HANDS: Final = 900  # packs a location handles a day
LEAD: Final = 2  # days a transfer takes

_LANES = text("SELECT origin, destination, cost, packs, lead_days, forbidden FROM lane")
_PACKS = text("SELECT sku, units FROM transfer_pack")
_SAY_LANE = text(
    """
    INSERT INTO lane (origin, destination, cost, packs, lead_days, forbidden)
    VALUES (:origin, :destination, :cost, :packs, :lead, :forbidden)
    ON CONFLICT (origin, destination) DO UPDATE SET cost = excluded.cost, packs = excluded.packs,
        lead_days = excluded.lead_days, forbidden = excluded.forbidden
    """
)
_SAY_PACK = text(
    "INSERT INTO transfer_pack (sku, units) VALUES (:sku, :units)"
    " ON CONFLICT (sku) DO UPDATE SET units = excluded.units"
)


@dataclass(frozen=True, slots=True)
class Lane:
    """From a location to another; what is `None` is as a wider word says it, and at last the constant.

    Attributes:
        cost: Of a pack, minor units.
        packs: It takes a night.
        lead: Days from one to the other.
        forbidden: Nothing goes there.
    """

    origin: str
    destination: str
    cost: int | None = None
    packs: int | None = None
    lead: int | None = None
    forbidden: bool | None = None


@dataclass(frozen=True, slots=True)
class Lanes:
    """All that was said.

    Attributes:
        said: By origin and destination.
        pack: Units in a pack, by sku; one where nobody said.
    """

    said: Mapping[tuple[str, str], Lane] = field(default_factory=dict[tuple[str, str], Lane])
    pack: Mapping[str, int] = field(default_factory=dict[str, int])

    def of(self, origin: str, destination: str) -> Lane:
        """A lane with nothing left open."""
        cost, packs, lead, forbidden = COST, PACKS, LEAD, False
        for each in self._wider_first(origin, destination):
            cost = cost if each.cost is None else each.cost
            packs = packs if each.packs is None else each.packs
            lead = lead if each.lead is None else each.lead
            forbidden = forbidden if each.forbidden is None else each.forbidden
        return Lane(origin, destination, cost, packs, lead, forbidden)

    def network(self, names: Sequence[str]) -> Network:
        """What can be moved between these."""
        shape = (len(names), len(names))
        cost, lane = np.full(shape, float(COST)), np.full(shape, PACKS, np.int64)
        hands = np.full(len(names), HANDS, np.int64)
        if self.said:
            for row, origin in enumerate(names):
                own = self.said.get((origin, origin))
                hands[row] = HANDS if own is None or own.packs is None else own.packs
                for column, destination in enumerate(names):
                    one = self.of(origin, destination)
                    cost[row, column] = np.inf if one.forbidden else float(one.cost or 0)
                    lane[row, column] = one.packs or 0
        return Network(cost, lane, hands)

    def leads(self, names: Sequence[str]) -> list[int]:
        """Days until goods reach each of these, by the slowest lane that leads there."""
        if not self.said:
            return [LEAD] * len(names)
        found: list[int] = []
        for destination in names:
            ways = [self.of(origin, destination) for origin in names if origin != destination]
            found.append(max((one.lead or 0 for one in ways if not one.forbidden), default=LEAD))
        return found

    def packs_of(self, skus: Sequence[str]) -> Whole:
        """Units in a pack of each."""
        return np.array([self.pack.get(sku, 1) for sku in skus], np.int64)

    def _wider_first(self, origin: str, destination: str) -> list[Lane]:
        ways = ((ANY, ANY), (ANY, destination), (origin, ANY), (origin, destination))
        return [self.said[way] for way in ways if way in self.said]


async def read_lanes(connection: Connection) -> Lanes:
    """As it was said last."""
    said = {
        (row.origin, row.destination): Lane(
            row.origin, row.destination, row.cost, row.packs, row.lead_days, row.forbidden
        )
        for row in await connection.execute(_LANES)
    }
    return Lanes(said, {row.sku: row.units for row in await connection.execute(_PACKS)})


async def say_lanes(connection: Connection, lanes: Sequence[Lane]) -> None:
    """Keep what is said of these, in place of what was said before; others stay as they are."""
    if lanes:
        await connection.execute(_SAY_LANE, [asdict(each) for each in lanes])


async def say_packs(connection: Connection, packs: Mapping[str, int]) -> None:
    """Keep how many units go in a pack, in place of what was said before; others stay as they are."""
    if packs:
        await connection.execute(_SAY_PACK, [{"sku": sku, "units": units} for sku, units in packs.items()])
