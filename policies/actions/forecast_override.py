"""Changing a forecast for a while, because somebody knows what sales of the past do not tell."""

from datetime import date, timedelta
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from policies.actions.action import Action, Effect
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money

MOST: Final = 30  # percent, either way: what is further off is a wrong forecast, to be mended and not overridden
LONGEST: Final = timedelta(days=28)

Known = Literal["promotion", "local_event", "weather", "season", "assortment", "other"]
"""Why somebody changes a forecast."""
Cause = Known | Literal["above_band", "below_band"]
"""The same, or what the night noticed of the week before."""


class ForecastOverride(Action):
    """Add some percent to a forecast on some days; it ends by itself, and is measured when it has ended.

    Attributes:
        store: The location; with `everywhere`, the one whose managers answer for it.
        everywhere: It changes the forecast of every location.
        percent: Added to the forecast; 1 to 30, up or down.
        first: The first day, as is `last` the last; 28 days at most.
        cause: Why, as a code; `words` say it for people.
        value: The units it adds or takes, at unit cost where known, else at price.
        reference: Our name for it.
    """

    effect: ClassVar[Effect] = Effect.WRITE
    kind: Literal["forecast_override"] = "forecast_override"
    store: LocationId
    everywhere: bool = False
    sku: Sku
    percent: Annotated[int, Field(ge=-MOST, le=MOST)]
    first: date
    last: date
    cause: Cause
    words: Annotated[str, Field(min_length=1, max_length=300)]
    value: Money
    reference: str = Field(pattern=r"^[A-Za-z0-9-]{4,64}$")

    @model_validator(mode="after")
    def _changes_some_days(self) -> Self:
        if self.percent == 0:
            raise Refused("An override changes a forecast by at least 1 percent.", code="override.nothing")
        if self.last < self.first:
            raise Refused("It ends before it begins.", code="planning.days", field="last")
        if self.last - self.first >= LONGEST:
            raise Refused(f"An override lasts {LONGEST.days} days at most.", code="override.too_long", field="last")
        return self

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def place(self) -> str:
        """The location whose forecast changes; "" for every one."""
        return "" if self.everywhere else self.store

    @property
    def days(self) -> int:
        """How many it lasts."""
        return (self.last - self.first).days + 1

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.value

    def inverse(self, reference: str) -> "CancelForecastOverride":  # noqa: D102
        return CancelForecastOverride(store=self.store, sku=self.sku, reference=reference, currency=self.value.currency)

    def sentence(self) -> str:  # noqa: D102
        where = "every location" if self.everywhere else self.store
        return (
            f"Plan with {abs(self.percent)} % {'more' if self.percent > 0 else 'less'} of {self.sku} at {where}"
            f" from {self.first} to {self.last} ({self.cause.replace('_', ' ')}: {self.words})."
        )


class CancelForecastOverride(Action):
    """End an override at once; it is not measured.

    Attributes:
        reference: As the override is known.
    """

    effect: ClassVar[Effect] = Effect.IRREVERSIBLE
    kind: Literal["cancel_forecast_override"] = "cancel_forecast_override"
    store: LocationId
    sku: Sku
    reference: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return Money(0, self.currency)

    def inverse(self, reference: str) -> None:  # noqa: D102
        return None

    def sentence(self) -> str:  # noqa: D102
        return f"End override {self.reference} of {self.sku} at {self.store}."
