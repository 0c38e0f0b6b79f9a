"""Who may ask for what besides actions, as a table: whoever changes such a rule changes a line here."""

from dataclasses import dataclass
from itertools import product
from typing import Any

from policies.decision import Outcome
from policies.engine import Engine
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from tests.unit.policies.right_facts import S1, S2

_ALL = frozenset(Role)
_READERS = frozenset({Role.ASSOCIATE, Role.MANAGER, Role.PLANNER, Role.AUDITOR, Role.OPERATOR})
_ANSWERABLE = frozenset({Role.MANAGER, Role.AUDITOR, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Power:
    """Who may use one thing: these roles, at these kinds of places, and whether a model in such a role may too."""

    roles: frozenset[Role]
    models: bool = True
    # Across the chain: anybody, who is bound to no location (everywhere), or only they wherever (everywhere only).
    chain: str = "anybody"


def _power(*roles: Role, **more: Any) -> Power:
    return Power(frozenset(roles), **more)


_MOVES: dict[str, Any] = {"models": False, "chain": "everywhere"}
POWERS: dict[str, Power] = {
    "search_products": Power(_READERS | {Role.MARKETING}),
    "check_inventory": Power(_READERS),
    "read_plan": _power(Role.PLANNER, Role.OPERATOR),
    "complete_name": Power(_READERS),
    "search_cohorts": _power(Role.MANAGER, Role.PLANNER, Role.MARKETING, Role.FRAUD_ANALYST),
    "measure_offers": _power(Role.MARKETING, Role.AUDITOR, Role.OPERATOR),
    "plan_measurement": _power(Role.MARKETING, Role.OPERATOR, models=False),
    "find_customer": _power(Role.ASSOCIATE, Role.MANAGER),
    "get_customer": _power(Role.ASSOCIATE, Role.MANAGER),
    "get_order": _power(Role.ASSOCIATE, Role.MANAGER, Role.FRAUD_ANALYST),
    "explain_decision": Power(_ANSWERABLE | {Role.FRAUD_ANALYST, Role.MARKETING}),
    "list_approvals": Power(_ANSWERABLE),
    "see_costs": Power(_ANSWERABLE),
    "see_customers": Power(_ANSWERABLE | {Role.FRAUD_ANALYST}),
    "see_every_decision": Power(_ANSWERABLE | {Role.FRAUD_ANALYST}),
    "find_policy": Power(frozenset(role for role in Role if role.person and role is not Role.MANAGER)),
    "read_playbook": Power(frozenset(role for role in Role if role.person)),
    "read_policies": Power(frozenset(role for role in Role if role.person)),
    "propose_discount": _power(Role.ASSOCIATE, Role.MANAGER),
    "propose_message": _power(Role.MARKETING),
    "propose_transfer": _power(Role.MANAGER, Role.PLANNER),
    "propose_stock_adjustment": _power(Role.MANAGER, Role.PLANNER),
    "propose_order": _power(Role.PLANNER),
    "propose_forecast_override": _power(Role.PLANNER, Role.OPERATOR),
    "decide_approval": _power(Role.MANAGER, models=False),
    "decide_override": _power(Role.MANAGER, Role.PLANNER, models=False),
    "undo_action": _power(Role.MANAGER),
    "undo_many": _power(Role.MANAGER),
    "start_undo": _power(Role.MANAGER, models=False),
    "see_ladder": _power(Role.MANAGER, Role.PLANNER, Role.MARKETING, Role.AUDITOR, Role.OPERATOR),
    "climb_marketing": _power(Role.MARKETING, **_MOVES),
    "climb_store_operations": _power(Role.MANAGER, Role.PLANNER, **_MOVES),
    "demote": _power(Role.OPERATOR, Role.MARKETING, Role.MANAGER, Role.PLANNER, **_MOVES),
    "see_review": Power(_ANSWERABLE | {Role.MARKETING}, chain="everywhere only"),
    "try_rules": Power(_ANSWERABLE | {Role.MARKETING}),
    "make_review": _power(Role.OPERATOR, Role.AUDITOR, chain="everywhere only"),
    "sign_store_operations": _power(Role.MANAGER, models=False, chain="everywhere only"),
    "sign_marketing": _power(Role.MARKETING, models=False, chain="everywhere only"),
    "sign_it": _power(Role.OPERATOR, models=False, chain="everywhere only"),
    "an_action_nobody_wrote_a_rule_for": _power(),
}
STOPS = ("stop_ai", "start_ai")  # a manager at a location, the operator there and across the chain


@dataclass(frozen=True, slots=True)
class Access:
    """One question about looking or asking: who, what and where, and whether they may."""

    tool: str
    role: Role
    model: bool
    places: frozenset[LocationId] | None
    where: LocationId | None

    @property
    def expected(self) -> bool:
        here = self.places is None or self.where is None or self.where in self.places
        everywhere = self.places is None
        if self.tool in STOPS:
            roles = {Role.OPERATOR} if self.where is None else {Role.OPERATOR, Role.MANAGER}
            return self.role in roles and not self.model and here and (everywhere or self.where is not None)
        power = POWERS[self.tool]
        if self.role not in power.roles or (self.model and not power.models) or not here:
            return False
        if power.chain == "everywhere":
            return everywhere or self.where is not None
        return everywhere or power.chain == "anybody"

    def answer(self, engine: Engine) -> bool:
        """What these rules answer."""
        actor = Actor("actor", self.role, self.places, Door.MCP, self.model)
        return engine.may(actor, self.tool, self.where).outcome is Outcome.ALLOW


ACCESSES: list[Access] = [
    Access(tool, role, model, places, where)
    for tool, role, model, places, where in product(
        [*POWERS, *STOPS], Role, (False, True), (None, frozenset({S1})), (None, S1, S2)
    )
]
