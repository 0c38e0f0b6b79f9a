"""What somebody outside says of a customer is believed only where it can be true; the rest counts as no answer."""

from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, Field, ValidationError

from policies.errors import Unavailable

MOST: Final = Decimal(1_000_000)  # of any currency: more is on no customer's card
Believable = Annotated[Decimal, Field(ge=-MOST, le=MOST, allow_inf_nan=False)]
"""An amount a customer can have; a return may leave less than nothing."""

_Shape = TypeVar("_Shape", bound=BaseModel)


def said(shape: type[_Shape], told: Any, by: str) -> _Shape | None:
    """What was told, in its shape; `None` for nothing.

    Args:
        shape: Of a connector.
        told: JSON.
        by: Who told it, as error codes begin.

    Raises:
        Unavailable: It cannot be right.
    """
    if told is None:
        return None
    try:
        return shape.model_validate(told)
    except ValidationError:
        raise unbelievable(by) from None  # the cause holds what was told


def unbelievable(by: str) -> Unavailable:
    """For an answer that cannot be right, or is about somebody else."""
    return Unavailable(f"What {by.title()} answers about a customer cannot be right.", code=f"{by}.answer")
