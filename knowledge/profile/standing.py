"""What others tell of a customer's standing: loyalty and store credit, and what the CRM makes of them. Never raw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from policies.vocabulary.money import Money


@dataclass(frozen=True, slots=True)
class Standing:
    """One platform's record of a customer.

    Attributes:
        platform: Who tells it.
        customer: The platform's own number of whom it speaks: compared with whom was asked about, and told to nobody.
        loyalty: What their points are worth; `None` where the platform keeps no loyalty for them.
        credit: Store credit, one amount per account.
        tier: The platform's word for how much they will spend, such as `high`; "" for none.
        group: Its word for how they shop, such as `champions`; "" for none.
        as_of: When it was asked.
    """

    platform: str
    customer: str
    loyalty: Money | None
    credit: tuple[Money, ...]
    tier: str
    group: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class CrmFacts:
    """What the CRM tells of a customer, from a list the operator wrote.

    Attributes:
        leaving_percent: How likely it thinks they will not come back, 0 to 100.
        next_order_on: When it expects them.
        traits: Codes the retailer keeps on them, by name.
        as_of: When it last changed the record; `None` where it does not say.
    """

    leaving_percent: int | None = None
    next_order_on: date | None = None
    traits: Mapping[str, str] = field(default_factory=dict[str, str])
    as_of: datetime | None = None
