"""Telling one platform what became of goods that another one counts too."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from policies.actions.action import Action, Effect
from policies.actions.stock_adjustment import StockAdjustment
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money

MOST_COUNTED: Final = 1_000_000  # units; a platform that tells of more does not count them


class StockSync(Action):
    """Bring one platform's count to what the shelf has for it.

    It has no inverse: taken back, it would only be synced again. Whoever finds it wrong corrects the shelf's own count.

    Attributes:
        store: The location, on the platform that is told.
        before: The count it was decided on; the platform refuses when it has moved since, where it can compare.
        after: The count it is to be.
        value: The units at unit cost where known, else at price; not negative.
        reference: Our name for it on the platform, so that a retry finds the first one.
    """

    effect: ClassVar[Effect] = Effect.IRREVERSIBLE
    kind: Literal["stock_sync"] = "stock_sync"
    store: LocationId
    sku: Sku
    before: Annotated[int, Field(ge=-MOST_COUNTED, le=MOST_COUNTED)]
    after: Annotated[int, Field(ge=-MOST_COUNTED, le=MOST_COUNTED)]
    value: Money
    reference: str = Field(pattern=r"^[A-Za-z0-9-]{4,64}$")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.before == self.after:
            raise Refused("A count that is right needs no sync.", code="stock_sync.nothing")
        return self

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.value

    @property
    def delta(self) -> int:
        """Units more, or fewer."""
        return self.after - self.before

    def adjustment(self) -> StockAdjustment:
        """As connectors carry it out."""
        return StockAdjustment(
            store=self.store,
            sku=self.sku,
            delta=self.delta,
            expected=self.before,
            value=self.value,
            reference=self.reference,
        )

    def inverse(self, reference: str) -> None:  # noqa: D102
        return None

    def sentence(self) -> str:  # noqa: D102
        return f"Tell {self.store} that it has {self.after} of {self.sku}, not {self.before}."
