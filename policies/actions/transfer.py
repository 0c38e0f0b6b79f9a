"""Moving stock between two locations of one platform."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policies.actions.action import Action, Effect
from policies.actions.goods import goods_said
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money


class TransferLine(BaseModel):
    """Units of one variant."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sku: Sku
    units: Annotated[int, Field(ge=1, le=10_000)]


class Transfer(Action):
    """Ask for stock to be moved; drafted on the platform, where a draft moves nothing yet.

    Attributes:
        value: The goods at unit cost where it is known, else at price.
        reference: Our name for it on the platform, so that a retry finds the first one.
    """

    effect: ClassVar[Effect] = Effect.WRITE
    kind: Literal["transfer"] = "transfer"
    origin: LocationId
    destination: LocationId
    lines: Annotated[tuple[TransferLine, ...], Field(min_length=1, max_length=100)]
    value: Money
    reference: str = Field(pattern=r"^[A-Za-z0-9-]{4,64}$")

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.origin == self.destination:
            raise Refused("A transfer needs two different locations.", code="transfer.same_location")
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise Refused("Name each sku once in a transfer.", code="transfer.duplicate_sku")
        return self

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.destination

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.value

    def inverse(self, reference: str) -> "CancelTransfer":  # noqa: D102
        return CancelTransfer(origin=self.origin, destination=self.destination, reference=reference, value=self.value)

    def sentence(self) -> str:  # noqa: D102
        return f"Move {goods_said(self.lines)} from {self.origin} to {self.destination} ({self.value})."


class CancelTransfer(Action):
    """Withdraw a transfer that has not been received."""

    effect: ClassVar[Effect] = Effect.IRREVERSIBLE
    kind: Literal["cancel_transfer"] = "cancel_transfer"
    origin: LocationId
    destination: LocationId
    reference: str
    value: Money

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.destination

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return Money(0, self.value.currency)

    def inverse(self, reference: str) -> None:  # noqa: D102
        return None

    def sentence(self) -> str:  # noqa: D102
        return f"Cancel transfer {self.reference} from {self.origin} to {self.destination}."
