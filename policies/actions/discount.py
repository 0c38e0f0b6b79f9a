"""Money off one basket, as a single-use code a register can apply; or a word about goods, with nothing off."""

from typing import ClassVar, Final, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from policies.actions.action import Action, Effect
from policies.errors import Refused
from policies.vocabulary.ids import CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent

Form = Literal["single", "bundle", "home", "promotion"]
"""On goods from this shelf; on several goods, all of them bought together; on goods sent home from online stock; on
goods that one of the retailer's promotions reduces for everybody, with nothing more off."""

_ON: Final = {"single": "", "bundle": " goods bought together", "home": " goods sent home", "promotion": ""}


class Discount(Action):
    """Create a single-use discount code.

    Attributes:
        store: The location whose register may apply it.
        transaction: The register's transaction or online cart it is meant for; caps count per transaction.
        code: What the register applies; derived from the proposal, so that a retry makes the same code. At full price
            it only names the offer.
        skus: What it applies to; empty means the whole basket. Of a bundle the first is what the basket lacks.
        base: Price of what it applies to, before the discount.
        amount: Money off, at most: exactly `base` times `percent`.
        campaign: The campaign it belongs to, whose total it counts in; "" for none, and then its facts leave it out.
        form: What it asks of the goods; facts leave "single" out.
        within_days: By when goods sent home are promised to arrive; 0, and left out, of all others.
    """

    effect: ClassVar[Effect] = Effect.WRITE
    kind: Literal["discount"] = "discount"
    store: LocationId
    customer: CustomerRef | None
    transaction: str = Field(min_length=1, max_length=128)
    code: str = Field(pattern=r"^[A-Z0-9-]{4,32}$")
    percent: Percent
    skus: tuple[Sku, ...] = ()
    base: Money
    amount: Money
    valid_until: AwareDatetime
    campaign: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$", exclude_if=lambda name: not name)
    form: Form = Field(default="single", exclude_if=lambda form: form == "single")
    within_days: int = Field(default=0, ge=0, le=60, exclude_if=lambda days: not days)

    @model_validator(mode="after")
    def _form_fits(self) -> Self:
        if self.form == "bundle" and len(set(self.skus)) < 2:  # noqa: PLR2004  # one is no bundle
            raise Refused("A bundle is made of at least two different goods.", code="discount.bundle", field="skus")
        if (self.form == "home") != (self.within_days > 0) or (self.form == "home" and not self.skus):
            raise Refused("What is sent home is named, and says within how many days.", code="discount.home")
        if self.form == "promotion" and (self.percent.basis_points or not self.skus):
            raise Refused(
                "An offer in a promotion names its goods and takes nothing more off.", code="discount.promotion"
            )
        return self

    @model_validator(mode="after")
    def _amount_follows_percent(self) -> Self:
        if self.amount != self.base.share(self.percent):
            raise Refused("The money off must equal the percentage of the price.", code="discount.amount")
        if self.amount.minor <= 0 and not self.at_full_price:
            raise Refused("A discount takes at least one cent off.", code="discount.zero")
        return self

    @property
    def at_full_price(self) -> bool:
        """Whether it gives nothing away and has no code: goods sent home or in a promotion, with nothing off."""
        return self.form in {"home", "promotion"} and not self.percent.basis_points

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return self.amount

    def inverse(self, reference: str) -> "EndDiscount":  # noqa: D102
        return EndDiscount(store=self.store, code=self.code, reference=reference, amount=self.amount)

    def sentence(self) -> str:  # noqa: D102
        if self.form == "promotion":
            return f"Tell of the promotion on {', '.join(self.skus)} at {self.store}, with nothing more off."
        if self.at_full_price:
            return f"Offer to send {', '.join(self.skus)} home from {self.store} at full price."
        off = f"{self.percent} off{_ON[self.form]}"
        return f"Give {off} ({self.amount} at most) with code {self.code} at {self.store}."


class EndDiscount(Action):
    """Stop a discount code from being used again; what was already redeemed stays redeemed."""

    effect: ClassVar[Effect] = Effect.IRREVERSIBLE
    kind: Literal["end_discount"] = "end_discount"
    store: LocationId
    code: str
    reference: str
    amount: Money

    @property
    def location(self) -> LocationId:  # noqa: D102
        return self.store

    @property
    def money_at_stake(self) -> Money:  # noqa: D102
        return Money(0, self.amount.currency)

    def inverse(self, reference: str) -> None:  # noqa: D102
        return None

    def sentence(self) -> str:  # noqa: D102
        return f"End code {self.code} at {self.store}."
