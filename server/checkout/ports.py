"""Whom a checkout asks, as far as it does: who finds an offer, and who decides on it."""

from typing import Protocol

from knowledge.events.families import CheckoutFacts
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CustomerRef
from tools.proposal import Decision, Origin, Proposal


class Offer(Protocol):
    """What a specialist would say; `agents.basket_offer.BasketOffer` in the product."""

    @property
    def proposal(self) -> Proposal:
        """What the guard is asked."""
        ...

    @property
    def message(self) -> str:
        """The line to show once it is allowed."""
        ...


class Offers(Protocol):
    """Who finds an offer for a basket; `agents.specialists.offers.OffersSpecialist` in the product."""

    actor: Actor

    async def for_basket(
        self,
        checkout: CheckoutFacts,
        customer: CustomerRef | None,
        *,
        origin: Origin,
        deadline: float,
        live_words: bool,
    ) -> Offer | None:
        """The best offer, or `None` when silence is worth more; `live_words`: a model may be asked for its line."""
        ...


class Deciding(Protocol):
    """The guard, as far as a checkout uses it."""

    async def propose(self, actor: Actor, proposal: Proposal, *, wait: bool = True, instead_of: str = "") -> Decision:
        """Decide and record; a waiting proposal named gives way."""
        ...

    async def withdraw(self, actor: Actor, action_id: str, *, reason: str) -> Decision:
        """Take back what waits."""
        ...
