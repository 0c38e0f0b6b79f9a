"""What Shopify answers about a customer's standing: store credit, and its own words for a buyer."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from knowledge.profile.standing import Standing
from policies.errors import TillhandError
from policies.vocabulary.money import Money
from tools.connectors.shopify.names import PLATFORM, number_of
from tools.connectors.sworn import MOST, said, unbelievable
from tools.connectors.told import Wire

_ACCOUNTS: Final = 5  # of one customer, one for each currency: as many as are asked for
_Word = Annotated[str, Field(pattern=r"^[A-Z][A-Z_]{0,29}$")]


class _Amount(Wire):
    amount: Annotated[Decimal, Field(ge=0, le=MOST, allow_inf_nan=False)]
    currency: str = Field(alias="currencyCode", pattern=r"^[A-Z]{3}$")


class _Account(Wire):
    balance: _Amount


class _Accounts(Wire):
    nodes: Annotated[tuple[_Account, ...], Field(max_length=_ACCOUNTS)]


class _Statistics(Wire):
    tier: _Word | None = Field(default=None, alias="predictedSpendTier")
    group: _Word | None = Field(default=None, alias="rfmGroup")


class _Told(Wire):
    id: str
    statistics: _Statistics
    accounts: _Accounts = Field(alias="storeCreditAccounts")


def standing_of(node: object, *, currency: str, as_of: datetime) -> Standing | None:
    """A customer of `operations.STANDING`; `None` for none.

    Args:
        node: JSON.
        currency: The shop's, in which money can be spent here; credit in another is nothing to tell at a till.
        as_of: When it was asked.

    Raises:
        Unavailable: It cannot be right (`shopify.answer`).
    """
    told = said(_Told, node, PLATFORM)
    if told is None:
        return None
    balances = [account.balance for account in told.accounts.nodes]
    if len({each.currency for each in balances}) < len(balances):  # Shopify keeps one account for each currency
        raise unbelievable(PLATFORM)
    try:
        credit = tuple(Money.parse(each.amount, each.currency) for each in balances if each.currency == currency)
    except TillhandError:
        raise unbelievable(PLATFORM) from None
    return Standing(
        platform=PLATFORM,
        customer=number_of(told.id),
        loyalty=None,
        credit=tuple(each for each in credit if each.minor),
        tier=(told.statistics.tier or "").lower(),
        group=(told.statistics.group or "").lower(),
        as_of=as_of,
    )
