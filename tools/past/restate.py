"""A recorded situation as it would have been under other limits or another rollout: those change, the facts stay.

What follows from a limit is worked out again: the margin that must remain, lateness, what the origin keeps, whether a
customer counts as high-value, which jurisdictions are in force. Totals are handed in, counted anew by `Recount`.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, Final

from knowledge.store.places import Places
from policies.actions.discount import Discount
from policies.actions.message import Message
from policies.actions.transfer import Transfer
from policies.errors import TillhandError
from policies.limits import Limits, PlaceLimits
from policies.packs.pack import carried
from policies.rollout import Rollout
from policies.situation import (
    AdjustmentFacts,
    DiscountFacts,
    Facts,
    MessageFacts,
    OverrideFacts,
    ReorderFacts,
    Situation,
    SyncFacts,
    TransferFacts,
    completed,
)
from policies.vocabulary.percent import Percent
from tools.past.recorded import Recorded
from tools.promises import fact

_FACTS: Final[Mapping[str, type[Facts]]] = {
    "discount": DiscountFacts,
    "transfer": TransferFacts,
    "stock_adjustment": AdjustmentFacts,
    "stock_sync": SyncFacts,
    "message": MessageFacts,
    "reorder": ReorderFacts,
    "forecast_override": OverrideFacts,
}


class Restate:
    """Other limits, another rollout, or neither; and the locations they hold for."""

    def __init__(self, places: Places, limits: Limits | None, rollout: Rollout | None) -> None:
        self._places = places
        self._limits = limits
        self._rollout = rollout
        self._written: dict[tuple[str, str, str], dict[str, int]] = {}  # limits as a kind's rules see them, by place

    def situation(self, one: Recorded, totals: Mapping[str, int], left: int) -> Situation | None:
        """The situation with these things changed; `None` when it was recorded without a fact that is needed.

        Args:
            one: The decision.
            totals: How much more or less than then its totals came to, by scope.
            left: How many more or fewer units its origin had left than then.
        """
        context = {**completed(one.situation)}
        try:
            if self._limits is not None:
                self._limit(one, context, self._limits)
        except (KeyError, TypeError, TillhandError):
            return None
        for scope, more in totals.items():
            name = fact(scope)
            if more and name in context:
                context[name] += more
        if left and "origin_left" in context:
            context["origin_left"] += left
        if self._rollout is not None:
            kind, place = one.action.kind, one.situation.location
            context["rung"] = self._rollout.rung(kind, one.situation.region, place, {}).value
        return replace(one.situation, context=context)

    def _limit(self, one: Recorded, context: dict[str, Any], limits: Limits) -> None:
        region, location = one.situation.region, one.situation.location
        here = limits.place(region, location)
        if isinstance(one.action, Discount):
            _discount(context, one, one.action, here)
        elif isinstance(one.action, Transfer):
            origin = self._places.get(one.action.origin)
            context["origin_keep"] = limits.place(origin.region, origin.id).transfer.origin_keep
        elif isinstance(one.action, Message):
            context["jurisdictions"] = list(here.packs)
            context["disclosures"] = list(carried(one.action.text, here.packs))
        shape = _FACTS.get(one.action.kind)
        if shape is None:
            return
        key = (one.action.kind, region, location)
        if key not in self._written:
            facts = shape(**{field.name: context[field.name] for field in fields(shape)})
            self._written[key] = facts.context(here)["limit"]
        context["limit"] = self._written[key]


def _discount(context: dict[str, Any], one: Recorded, action: Discount, limits: PlaceLimits) -> None:
    waited = timedelta() if one.occurred_at is None else one.at - one.occurred_at
    floor = (action.base - action.amount).share(Percent(limits.discount.margin_floor_bp))
    before, now = context["limit"]["high_value_spent"], limits.high_value.spent_from
    context["margin_floor"] = floor.minor
    context["late"] = waited > timedelta(seconds=limits.discount.late_s) or action.valid_until <= one.at
    context["high_value"] = _high_value(context["high_value"], one.spent or 0, before, now)
    context["jurisdictions"] = list(limits.packs)
    context["disclosures"] = list(carried(one.message, limits.packs)) if one.message else []


def _high_value(recorded: bool, spent: int, before: int, now: int) -> bool:
    """Whether the customer counts as high-value: as recorded where that settles it, else by what they spent since."""
    if not now or now == before:
        return recorded and now > 0
    settled = before > 0 and (now < before if recorded else now > before)
    return recorded if settled else spent >= now
