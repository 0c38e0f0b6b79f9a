"""Every action there is, as one closed type that can be read back from storage."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from policies.actions.discount import Discount, EndDiscount
from policies.actions.forecast_override import CancelForecastOverride, ForecastOverride
from policies.actions.message import Message
from policies.actions.profile_link import ProfileLink
from policies.actions.reorder import CancelReorder, Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.stock_sync import StockSync
from policies.actions.transfer import CancelTransfer, Transfer

AnyAction = Annotated[
    Discount
    | EndDiscount
    | Transfer
    | CancelTransfer
    | StockAdjustment
    | StockSync
    | Message
    | ProfileLink
    | Reorder
    | CancelReorder
    | ForecastOverride
    | CancelForecastOverride,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[AnyAction] = TypeAdapter(AnyAction)
KINDS = (
    "discount",
    "end_discount",
    "transfer",
    "cancel_transfer",
    "stock_adjustment",
    "stock_sync",
    "message",
    "profile_link",
    "reorder",
    "cancel_reorder",
    "forecast_override",
    "cancel_forecast_override",
)


def read_action(facts: dict[str, Any]) -> AnyAction:
    """An action from its stored facts.

    Raises:
        pydantic.ValidationError: The facts are not an action of ours.
    """
    return _ADAPTER.validate_python(facts)
