"""What may be done for customers whose goods are gone, and what each costs. Pure: the same facts, the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from policies.limits import SyncLimits

Kind = Literal["move", "back_order", "cancel"]
UNKNOWN_LEAD: Final = 14  # days a supplier takes who never said
_ORDER: Final[tuple[Kind, ...]] = (
    "move",
    "back_order",
    "cancel",
)  # between two that cost the same: the customer's best


@dataclass(frozen=True, slots=True)
class Giver:
    """A location that has some to spare.

    Attributes:
        spare: Units beyond what it keeps for itself.
        near: 0 in the same region, 1 in the same time zone, 2 anywhere else.
    """

    place: str
    spare: int
    near: int


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing, and what it is worth.

    Attributes:
        units: Sold beyond what there is.
        orders: Customers who wait for them; 0 counts as one.
        price: Of one unit, minor units; `cost` at cost.
        lead: Days until a supplier could bring more; `None` when nobody said.
    """

    units: int
    orders: int
    price: int
    cost: int
    lead: int | None


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out: what it costs in minor units, and a sentence for whoever chooses."""

    kind: Kind
    cost: int
    where: str
    sentence: str

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {"remedy": self.kind, "cost": self.cost, "where": self.where, "sentence": self.sentence}


def remedies(missing: Missing, givers: Sequence[Giver], limits: SyncLimits) -> list[Remedy]:
    """Every way out, cheapest first; the first is what is proposed."""
    orders = max(1, missing.orders)
    found: list[Remedy] = []
    able = [each for each in givers if each.spare >= missing.units]
    if able:
        nearest = min(able, key=lambda each: (each.near, -each.spare, each.place))
        sentence = f"Send {missing.units} from {nearest.place}, which can spare {nearest.spare}."
        found.append(Remedy("move", limits.move_cost * orders, nearest.place, sentence))
    days = UNKNOWN_LEAD if missing.lead is None else missing.lead
    waiting = f"Tell the customer it comes in about {days} days, with the next delivery."
    found.append(Remedy("back_order", limits.wait_day_cost * days * orders, "", waiting))
    voucher = missing.price * missing.units * limits.voucher_bp // 10_000
    lost = max(0, missing.price - missing.cost) * missing.units
    sentence = "Cancel the order, give the money back, and a voucher with the apology."
    found.append(Remedy("cancel", lost + voucher, "", sentence))
    return sorted(found, key=lambda each: (each.cost, _ORDER.index(each.kind)))
