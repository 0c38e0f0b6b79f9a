"""Money in whole minor units, so that no cent is lost to rounding."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from policies.errors import Refused
from policies.vocabulary.percent import Percent

# ISO 4217 currencies whose minor unit is not 1/100, from the list its maintenance agency publishes.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in minor units (cents) of one ISO 4217 currency. May be negative: a refund is."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        code = self.currency
        if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):  # noqa: PLR2004
            raise Refused("A currency is three capital letters, such as USD.", code="money.currency")

    @classmethod
    def parse(cls, amount: str | int | Decimal, currency: str) -> "Money":
        """Read a decimal amount exactly, such as `"29.99"`.

        Raises:
            Refused: The text is not a finite decimal, or is finer than the currency's minor unit.
        """
        try:
            scaled = Decimal(amount).scaleb(exponent(currency))
        except InvalidOperation as error:
            raise Refused("An amount of money is a decimal number, such as 29.99.", code="money.amount") from error
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise Refused(f"An amount in {currency} has at most {exponent(currency)} decimals.", code="money.amount")
        return cls(int(scaled), currency)

    @classmethod
    def round(cls, amount: Decimal, currency: str) -> "Money":
        """Round a computed amount half to even at the minor unit; for sums we made, not for what others sent."""
        return cls(int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN)), currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal():.{exponent(self.currency)}f} {self.currency}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * count, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def share(self, percent: Percent) -> "Money":
        """This share of the amount, rounded half to even at the minor unit."""
        return Money(round_half_even(self.minor * percent.basis_points, 10_000), self.currency)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise Refused(
                f"{self.currency} and {other.currency} cannot be added or compared.", code="money.mixed_currencies"
            )
        return other.minor


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def round_half_even(numerator: int, denominator: int) -> int:
    """Integer division rounded half to even, without passing through a float. The denominator is positive."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient
