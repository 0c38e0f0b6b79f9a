"""What find_customer tells beside the orders: what a customer looked at, wishes for, likes, has, and waits for."""

from datetime import date, datetime
from typing import Final

from knowledge.offers.ceiling import Ceiling
from knowledge.profile.profile import Profile
from knowledge.profile.standing import CrmFacts, Standing
from policies.vocabulary.actor import Role
from tools.read.amount import Amount
from tools.tool import Answer

_SEE_GUESSES: Final = frozenset({Role.MANAGER})  # what is guessed of somebody is for who answers for the shop


class OpenTicket(Answer):
    """Something the customer waits for an answer to; `subject` is the retailer's code for it."""

    ticket_id: str
    subject: str
    opened_at: datetime


class LoyaltyRecord(Answer):
    """What one platform says of loyalty: what points are worth, store credit, and its words for the customer."""

    platform: str
    loyalty: Amount | None
    credit: tuple[Amount, ...]
    tier: str
    group: str


class CrmRecord(Answer):
    """What the CRM makes of the customer; for managers. `traits` are the retailer's codes."""

    leaving_percent: int | None
    next_order_on: date | None
    traits: dict[str, str]


class DiscountHabit(Answer):
    """What the customer's purchases of a year say of discounts; for managers. Offers never take more off for them."""

    purchases: int
    discounted: int
    ceiling_bp: int


class Known(Answer):
    """What is known beside the orders. `partial` names parts that could not be read in time.

    Attributes:
        wishlist: Skus wished for and not bought since.
        year_orders: Of the last 365 days, as are `year_spent`, `brands` and `categories`.
        likely_next: Skus of what the next order will likely hold.
        as_of: The newest fact of each part.
    """

    viewed: tuple[str, ...]
    left_in_cart: tuple[str, ...]
    wishlist: tuple[str, ...]
    open_tickets: tuple[OpenTicket, ...]
    loyalty: tuple[LoyaltyRecord, ...]
    crm: CrmRecord | None
    discounts: DiscountHabit | None
    brands: tuple[str, ...]
    categories: tuple[str, ...]
    year_orders: int
    year_spent: Amount
    likely_next: tuple[str, ...]
    as_of: dict[str, datetime]
    partial: tuple[str, ...]


def known_of(profile: Profile, role: Role, currency: str) -> Known:
    """As this role may see it; `currency` is that of the customer's orders."""
    taste = profile.taste
    return Known(
        viewed=profile.viewed,
        left_in_cart=profile.left_in_cart,
        wishlist=profile.wishlist,
        open_tickets=tuple(
            OpenTicket(ticket_id=each.ticket, subject=each.subject, opened_at=each.opened_at)
            for each in profile.tickets
        ),
        loyalty=tuple(map(_loyalty, profile.standings)),
        crm=_crm(profile.crm) if role in _SEE_GUESSES else None,
        discounts=_discounts(profile.ceiling) if role in _SEE_GUESSES else None,
        brands=taste.brands,
        categories=taste.categories,
        year_orders=taste.orders,
        year_spent=Amount(minor=taste.spent, currency=currency),
        likely_next=taste.likely_next,
        as_of=profile.as_of,
        partial=profile.missing,
    )


def _crm(told: CrmFacts | None) -> CrmRecord | None:
    if told is None:
        return None
    return CrmRecord(leaving_percent=told.leaving_percent, next_order_on=told.next_order_on, traits=dict(told.traits))


def _discounts(found: Ceiling | None) -> DiscountHabit | None:
    if found is None:
        return None
    return DiscountHabit(purchases=found.purchases, discounted=found.discounted, ceiling_bp=found.percent_bp)


def _loyalty(told: Standing) -> LoyaltyRecord:
    return LoyaltyRecord(
        platform=told.platform,
        loyalty=None if told.loyalty is None else Amount(minor=told.loyalty.minor, currency=told.loyalty.currency),
        credit=tuple(Amount(minor=each.minor, currency=each.currency) for each in told.credit),
        tier=told.tier,
        group=told.group,
    )
