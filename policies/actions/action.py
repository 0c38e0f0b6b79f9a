"""What every action has: a kind, an effect, a place, money at stake and, where one exists, an inverse."""

from abc import abstractmethod
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from policies.vocabulary.ids import LocationId
from policies.vocabulary.money import Money


class Effect(StrEnum):
    """What an action or tool does to the world."""

    READ = "read"
    WRITE = "write"  # has an inverse
    IRREVERSIBLE = "irreversible"


class Action(BaseModel):
    """A change to a platform that somebody wants. Immutable, and the same bytes for the same change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect: ClassVar[Effect]

    @property
    @abstractmethod
    def location(self) -> LocationId:
        """Where it takes effect: the place whose rules and roles apply."""

    @property
    @abstractmethod
    def money_at_stake(self) -> Money:
        """What the retailer may lose if this is wrong; never negative."""

    @abstractmethod
    def inverse(self, reference: str) -> "Action | None":
        """The action that undoes this one once the platform knows it as `reference`; `None` when nothing can."""

    @abstractmethod
    def sentence(self) -> str:
        """The action in one plain sentence, for the person who is asked."""

    def facts(self) -> dict[str, Any]:
        """The action as JSON values: what is stored, hashed and shown."""
        return self.model_dump(mode="json")
