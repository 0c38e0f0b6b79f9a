"""Ordering goods from a supplier."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policies.actions.action import Action, Effect
from policies.actions.goods import goods_said
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money

Vendor = Annotated[str, Field(min_length=1, max_length=128)]


class OrderLine(BaseModel):
    """Units of one variant; `unit_cost` in minor units of the order's currency, as the catalog has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sku: Sku
    units: Annotated[int, Field(ge=1, le=100_000)]
    unit_cost: Annotated[int, Field(ge=0, le=10**9)]


class Reorder(Action):
    """Ask a supplier for goods; a draft where the platform keeps orders, else a file for whoever places it.

    Attributes:
        vendor: The supplier, as the catalog names it.
        store: Where the goods are to arrive.
        value: All lines at unit cost.
        reference: Our name for it, so that a retry finds the first one.
    """

    effect: ClassVar[Effect] = Effect.WRITE
    kind: Literal["reorder"] = "reorder"
    vendor: Vendor
    store: LocationId
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=100)]
    value: Money
    reference: str = Field(pattern=r"^[A-Za-z0-9-]{4,64}$")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise Refused("Name each sku once in an order.", code="reorder.duplicate_sku")
        if sum(line.units * line.unit_cost for line in self.lines) != self.value.minor:
            raise Refused("An order is worth what its lines are.", code="reorder.value")
        return self

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.value

    def inverse(self, reference: str) -> "CancelReorder":  # noqa: D102
        return CancelReorder(vendor=self.vendor, store=self.store, reference=reference, value=self.value)

    def sentence(self) -> str:  # noqa: D102
        return f"Order {goods_said(self.lines)} from {self.vendor} for {self.store} ({self.value})."


class CancelReorder(Action):
    """Withdraw an order that was not sent to the supplier."""

    effect: ClassVar[Effect] = Effect.IRREVERSIBLE
    kind: Literal["cancel_reorder"] = "cancel_reorder"
    vendor: Vendor
    store: LocationId
    reference: str
    value: Money

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return Money(0, self.value.currency)

    def inverse(self, reference: str) -> None:  # noqa: D102
        return None

    def sentence(self) -> str:  # noqa: D102
        return f"Cancel order {self.reference} to {self.vendor} for {self.store}."
