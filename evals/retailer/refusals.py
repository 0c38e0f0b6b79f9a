"""Why the retailer's own systems say no: each platform API words these in its own way."""


class Refusal(Exception):
    """The world did not change."""


class Unknown(Refusal):
    """No such sku, place, customer, order line or code."""


class OutOfStock(Refusal):
    """Fewer units are available than asked for."""


class StaleQuantity(Refusal):
    """The count is not what the writer believed it was.

    Attributes:
        actual: Units counted now.
    """

    def __init__(self, actual: int) -> None:
        super().__init__(f"The count is {actual} now.")
        self.actual = actual


class CodeTaken(Refusal):
    """A discount with this code exists."""


class CodeRefused(Refusal):
    """The code does not apply to this sale: over, not begun, used up, for someone else, or for other goods."""


class WrongState(Refusal):
    """The order or transfer has come too far, or not far enough, for this."""
