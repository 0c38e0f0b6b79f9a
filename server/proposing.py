"""Who proposes by themselves: the specialists over one store, those that have something to propose with."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from agents.specialist import Specialist
from agents.specialists.inventory import InventorySpecialist
from agents.specialists.offers import OffersSpecialist
from agents.specialists.purchases import PurchasesSpecialist
from knowledge.events.event import Event
from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.message import Channel
from policies.limits import Limits
from server.secret import Secret
from server.settings import Settings
from server.speaking import Speaking
from tools.fresh_prices import FreshPrices


@dataclass(frozen=True, slots=True)
class Proposing:
    """The specialist registers ask themselves, and all of them as the supervisor wakes them."""

    offers: OffersSpecialist
    everybody: Sequence[Specialist]


def proposing_of(  # noqa: PLR0913, PLR0917
    settings: Settings,
    database: Database,
    places: Places,
    limits: Limits,
    secret: Secret,
    speaking: Speaking,
    prices: FreshPrices,
    channels: AbstractSet[Channel],
    now: Callable[[], datetime],
    present: Callable[[Event], datetime] | None,
) -> Proposing:
    """Over one store; where nothing can be sent, nobody proposes messages."""
    offers = OffersSpecialist(
        database,
        places,
        limits,
        secret=secret.derive("discount-code"),
        companions=speaking.companions,
        writer=speaking.writer,
        prices=prices,
        campaign=settings.campaign,
        drawing=speaking.drawing,
        complaints=speaking.complaints,
        promotions=speaking.promoted,
        now=now,
        present=present,
    )
    purchases = PurchasesSpecialist(
        database,
        places,
        limits,
        channels=channels,
        campaign=settings.campaign,
        lottery=speaking.drawing.lottery,
        companions=speaking.companions,
        complaints=speaking.complaints,
        now=now,
        present=present,
    )
    inventory = InventorySpecialist(database, places, limits, now=now)
    return Proposing(offers, (offers, inventory, *((purchases,) if channels else ())))
