"""Platform amounts as whole minor units; a decimal never becomes a float on the way."""

import json
from decimal import Decimal
from typing import Any

from policies.vocabulary.money import Money


def exact(amount: Decimal | str, currency: str) -> int:
    """Minor units of an amount that is written to the cent, such as Shopify's `"29.99"`.

    Raises:
        Refused: It is finer than the currency's minor unit.
    """
    return Money.parse(amount, currency).minor


def nearest(amount: Decimal, currency: str) -> int:
    """Minor units of an amount that may be finer, such as Lightspeed's price before tax, rounded half to even."""
    return Money.round(amount, currency).minor


def read_json(text: bytes | str) -> Any:
    """JSON with its decimals kept as `Decimal`.

    Raises:
        ValueError: It is no JSON.
    """
    return json.loads(text, parse_float=Decimal)


def wire_number(share: Decimal) -> int | float:
    """A percentage or a share as a JSON number. Money is never sent so: it goes as text."""
    return int(share) if share == share.to_integral_value() else float(share)
