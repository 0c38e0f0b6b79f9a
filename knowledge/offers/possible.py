"""Every offer a basket or visit admits, in every form, most valuable first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from knowledge.offers.arms import offerable
from knowledge.offers.calendar import PlaceCalendar
from knowledge.offers.candidates import Candidate, Wanted, here_of
from knowledge.offers.ceiling import Ceiling, under
from knowledge.offers.forms import bundles, homes, promotions, ranked
from knowledge.offers.goods import Goods
from knowledge.offers.learned import Learned
from knowledge.store.places import ONLINE, Place, Places
from policies.limits import Limits, PlaceLimits


@dataclass(frozen=True, slots=True)
class Sending:
    """An online shop that sends home what a shop has not.

    Attributes:
        limits: Of the online shop.
    """

    place: Place
    limits: PlaceLimits


def sending_for(places: Places, place: Place, limits: Limits, ceiling: Ceiling | None = None) -> Sending | None:
    """Who sends home what this shop has not: its platform's online shop, else any; `None` when nobody does.

    Args:
        places: All locations.
        place: The shop; an online shop sends everything home anyway.
        limits: Say how much a parcel costs, and whether any is sent.
        ceiling: Of the customer.
    """
    online = places.online(place.platform) or next((each for each in places if each.kind == ONLINE), None)
    if online is None or place.kind == ONLINE:
        return None
    there = under(limits.place(online.region, online.id), ceiling)
    return Sending(online, there) if there.home.days else None


@dataclass(frozen=True, slots=True)
class Found:
    """What is where.

    Attributes:
        here: By sku, at this shop's stock.
        held: What is in the basket, by sku, at the price the register charges.
        online: By sku, at the stock of the shop that sends home.
        promoted: What the retailer's calendar says of this shop, and `promoted_online` of that one; `None`: nothing.
    """

    here: Mapping[str, Goods]
    held: Mapping[str, Goods] = field(default_factory=dict[str, Goods])
    online: Mapping[str, Goods] = field(default_factory=dict[str, Goods])
    promoted: PlaceCalendar | None = None
    promoted_online: PlaceCalendar | None = None

    def plain(self) -> "Found":
        """Without what a promotion reduces for everybody, now or soon: none of it is reduced further."""
        return replace(
            self,
            here=_outside(self.here, self.promoted),
            held=_outside(self.held, self.promoted),
            online=_outside(self.online, self.promoted_online),
        )


def _outside(goods: Mapping[str, Goods], promoted: PlaceCalendar | None) -> Mapping[str, Goods]:
    if promoted is None:
        return goods
    return {sku: one for sku, one in goods.items() if not promoted.bars(sku, one)}


def possible(  # noqa: PLR0913  # who wants what, and what there is
    wants: Sequence[Wanted],
    found: Found,
    limits: PlaceLimits,
    sending: Sending | None,
    learned: Learned,
    *,
    kind: str,
    currency: str | None,
    unknown_costs: bool,
) -> list[Candidate]:
    """Every offer the limits let through, in every form, each at its best percentage, whatever it earns.

    Goods in a promotion are told of at its price, and in no other form.

    Args:
        wants: What they may want.
        found: What is where.
        limits: Of the location.
        sending: Who sends home; `None` when nobody does.
        learned: How buyers answer.
        kind: Of buyer.
        currency: As for `rank`.
        unknown_costs: As for `rank`.
    """
    response, plain = learned.response(kind), found.plain()
    singles = offerable(wants, plain.here, limits.discount, response, currency=currency, unknown_costs=unknown_costs)
    pairs = bundles(singles, plain.held, limits.discount, learned.of("bundle").response(kind))
    sent: list[Candidate] = []
    if sending is not None and plain.online:
        sent = homes(
            wants,
            found.here,
            plain.online,
            sending.limits.discount,
            learned.of("home").response(kind),
            sending=sending.limits.home.shipping,
            currency=currency,
        )
    told: list[Candidate] = []
    if found.promoted is not None:
        here = here_of(wants, found.here, currency=currency, unknown_costs=False)
        told = promotions(here, found.promoted, limits.discount, learned.of("promotion").response(kind))
    return ranked([*singles, *pairs, *sent, *told])
