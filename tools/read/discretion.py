"""How much of a decision somebody is told: the rules say who sees customers, costs and what is not about offers."""

from typing import Any, Final, cast

from policies.decision import Outcome
from policies.engine import Engine
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from tools.audit.story import Story

_SHOWN_WITH: Final = {
    "customer": "see_customers",
    "high_value": "see_customers",
    "margin": "see_costs",
    "cost": "see_costs",
}
_OFFERS: Final = frozenset({"discount", "end_discount", "message"})


class Discretion:
    """What each actor may be told, asked of the rules by what there is to see."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tell(self, actor: Actor, story: Story) -> Story | None:
        """The story as far as this actor may know it; `None` when it is not theirs to know."""
        if not actor.covers(LocationId(story.location)):
            return None
        if story.kind not in _OFFERS and not self.sees_everything(actor):
            return None
        hidden = tuple(word for word, right in _SHOWN_WITH.items() if not self._may(actor, right))
        if not hidden:
            return story
        return story.model_copy(
            update={
                "facts": _without(story.facts, hidden),
                "evidence": _without(story.evidence, hidden),
                "verdicts": tuple(
                    why.model_copy(update={"situation": _without(why.situation, hidden)}) for why in story.verdicts
                ),
            }
        )

    def sees_everything(self, actor: Actor) -> bool:
        """Whether decisions of every kind, and calls that led to none, are this actor's to know."""
        return self._may(actor, "see_every_decision")

    def _may(self, actor: Actor, right: str) -> bool:
        return self._engine.may(actor, right, None).outcome is Outcome.ALLOW


def _without(told: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """Every entry whose name speaks of one of these left out, at any depth; an action keeps its field, empty."""
    kept: dict[str, Any] = {}
    for name, value in told.items():
        if any(word in name for word in words):
            if name == "customer":
                kept[name] = None
        elif isinstance(value, dict):
            kept[name] = _without(cast("dict[str, Any]", value), words)
        elif isinstance(value, list | tuple):
            several = cast("list[Any]", value)
            kept[name] = [
                _without(cast("dict[str, Any]", each), words) if isinstance(each, dict) else each for each in several
            ]
        else:
            kept[name] = value
    return kept
