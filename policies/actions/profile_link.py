"""Treating two customers as one person, or as two again. Nothing is merged: orders stay with whom they came with."""

from typing import ClassVar, Literal

from pydantic import Field

from policies.actions.action import Action, Effect
from policies.vocabulary.ids import CustomerRef, LocationId
from policies.vocabulary.money import Money


class ProfileLink(Action):
    """Link two customers, or keep them apart; what a person decided stands against any evidence.

    Attributes:
        store: The location that asks, whose managers answer.
        one: By our reference, as is `other`.
        currency: Of the location; nothing is at stake in it.
    """

    effect: ClassVar[Effect] = Effect.WRITE
    kind: Literal["profile_link"] = "profile_link"
    store: LocationId
    one: CustomerRef = Field(min_length=1, max_length=128)
    other: CustomerRef = Field(min_length=1, max_length=128)
    says: Literal["link", "apart"]
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return Money(0, self.currency)

    def inverse(self, reference: str) -> "ProfileLink":  # noqa: D102
        return self.model_copy(update={"says": "link" if self.says == "apart" else "apart"})

    def sentence(self) -> str:  # noqa: D102
        if self.says == "apart":
            return f"Treat {self.one} and {self.other} as two people."
        return f"Treat {self.one} and {self.other} as one person."
