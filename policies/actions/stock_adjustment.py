"""Correcting the count of one variant at one location."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from policies.actions.action import Action, Effect
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money


class StockAdjustment(Action):
    """Change a count by a signed number of units; one that settles a discrepancy may also leave it as it is.

    Attributes:
        expected: The count the proposer saw; the platform refuses when it has moved since. `None` skips the comparison.
        value: The units at unit cost where known, else at price; not negative.
        reference: Our name for it on the platform, so that a retry finds the first one.
        settles: The discrepancy it closes; "" for none. Taken back, that stands again.
    """

    effect: ClassVar[Effect] = Effect.WRITE
    kind: Literal["stock_adjustment"] = "stock_adjustment"
    store: LocationId
    sku: Sku
    delta: Annotated[int, Field(ge=-10_000, le=10_000)]
    expected: int | None
    value: Money
    reference: str = Field(pattern=r"^[A-Za-z0-9-]{4,64}$")
    settles: str = Field(default="", pattern=r"^(d-[0-9a-f]{12})?$")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.delta == 0 and not self.settles:
            raise Refused("An adjustment changes the count by at least one unit.", code="stock_adjustment.zero")
        return self

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.value

    def inverse(self, reference: str) -> "StockAdjustment":  # noqa: D102
        return self.model_copy(
            update={"delta": -self.delta, "expected": None, "reference": f"undo-{self.reference}"[:64]}
        )

    def sentence(self) -> str:  # noqa: D102
        if not self.settles:
            return f"Change the count of {self.sku} at {self.store} by {self.delta:+d} ({self.value})."
        done = f"change the count by {self.delta:+d}" if self.delta else "leave the count as it is"
        return f"Settle that the counts of {self.sku} at {self.store} disagree: {done} ({self.value})."
