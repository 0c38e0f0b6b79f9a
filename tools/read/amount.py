"""Money as tools answer it."""

from policies.vocabulary.money import Money
from tools.tool import Answer


class Amount(Answer):
    """Whole minor units (cents) of one ISO 4217 currency."""

    minor: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> "Amount":
        """The same amount, as JSON."""
        return cls(minor=money.minor, currency=money.currency)
