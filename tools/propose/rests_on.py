"""What a previewed proposal rests on, by kind: a plan holds as long as none of it has changed.

Ages and the clock are left out, for they change by themselves; the verdict says when they matter. Totals count in
tenths of their limit: somebody else's dollar on the location's day changes nothing a person was shown.
"""

from typing import Any, Final

from policies.decision import Verdict
from policies.situation import Situation
from tools.proposal import Proposal
from tools.propose.decided import Change
from tools.propose.plan import Facts

_TENTHS: Final = 10
_OF_PRICE: Final = ("cost_known", "margin_after", "margin_floor", "value")
_OF_STOCK: Final = ("in_stock", "origin_left", "origin_keep")
_OF_RULES: Final = ("limit", "rung", "stopped")
_BY_THE_CLOCK: Final = ("valid_until",)  # of an action's own facts


def rests_on(
    request: str, proposal: Proposal, changes: tuple[Change, ...], situation: Situation, verdict: Verdict
) -> Facts:
    """The facts of a proposal.

    Args:
        request: Digest of what was asked for.
        proposal: What was made of it.
        changes: What would be different afterwards.
        situation: What the rules saw.
        verdict: What they said.
    """
    context = situation.context
    action = {name: value for name, value in proposal.action.facts().items() if name not in _BY_THE_CLOCK}
    totals = {name: value for name, value in context.items() if name.endswith("_total")}
    named = {*_OF_PRICE, *_OF_STOCK, *_OF_RULES, *totals}
    return {
        "request": [request, proposal.key],
        "price": [action, proposal.evidence, _of(context, _OF_PRICE)],
        "stock": [[each.model_dump(mode="json") for each in changes], _of(context, _OF_STOCK)],
        "totals": {name: _bucket(name, total, context.get("limit", {})) for name, total in totals.items()},
        "circumstances": {
            name: value for name, value in context.items() if name not in named and isinstance(value, bool | str)
        },
        "rules": [verdict.rules, _of(context, _OF_RULES)],
        "verdict": [verdict.outcome.value, sorted(reason.rule for reason in verdict.reasons)],
    }


def _of(context: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: context[name] for name in names if name in context}


def _bucket(name: str, total: int, limits: dict[str, Any]) -> int:
    """How many tenths of its limit a total has reached; the total itself where it has no limit."""
    scope = name.removesuffix("_total")
    limit = limits.get(f"{scope}_max", limits.get(scope, limits.get(name)))
    return total * _TENTHS // limit if isinstance(limit, int) and limit > 0 else total
