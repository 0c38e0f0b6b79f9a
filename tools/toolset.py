"""Toolsets: which tools belong together, so that a credential or an address can be narrowed to what a job needs.

Narrowing only ever takes away. What a caller's role, their credential and the address they call do not all allow is
hidden, and what is hidden is unknown.
"""

from collections.abc import Mapping
from typing import Final

from policies.actions.action import Effect
from policies.vocabulary.actor import Actor

TOOLSET_OF: Final[Mapping[str, str]] = {
    "search_products": "shop",
    "check_inventory": "shop",
    "complete_name": "shop",
    "find_policy": "shop",
    "search_cohorts": "offers",
    "read_playbook": "shop",
    "find_customer": "customers",
    "get_customer": "customers",
    "get_order": "customers",
    "measure_offers": "offers",
    "propose_discount": "offers",
    "propose_message": "offers",
    "read_plan": "stock",
    "propose_transfer": "stock",
    "propose_stock_adjustment": "stock",
    "propose_order": "stock",
    "propose_forecast_override": "stock",
    "list_approvals": "approvals",
    "decide_approval": "approvals",
    "decide_override": "approvals",
    "explain_decision": "decisions",
    "read_policies": "decisions",
    "undo_action": "decisions",
    "undo_many": "decisions",
    "start_undo": "decisions",
}
"""The toolset of each of our tools by name, for whoever is asked about one without holding it."""


def reaches(actor: Actor, toolset: str, effect: Effect | None = None) -> bool:
    """Whether a toolset, and a tool of this effect in it, is within what the actor was narrowed to."""
    if actor.toolsets is not None and toolset not in actor.toolsets:
        return False
    return not actor.read_only or effect in {None, Effect.READ}
