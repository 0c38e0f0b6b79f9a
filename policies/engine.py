"""Cedar: situation in, verdict out, with the rules' ids and sentences as reasons.

The rules say only yes or no. The verdict adds which approval would turn a no into a yes, found by asking again
as if it had been given: no approval first, then the same person's confirmation, then a manager's approval.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cedarpy
from cedarpy.pst import Template

from policies.decision import Outcome, Reason, Verdict
from policies.errors import Misconfigured
from policies.limits import Limits
from policies.situation import Approved, Facts, Situation
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId

_HOME = Path(__file__).parent
_LADDER: Final[tuple[tuple[Approved, Outcome], ...]] = (
    ("none", Outcome.ALLOW),
    ("confirmed", Outcome.CONFIRM),
    ("manager", Outcome.APPROVE),
)
_ERROR = Reason("rules.error", "A rule could not be evaluated, so nothing is allowed.")
_NO_PERMIT = Reason("access.nothing_permits", "No rule allows this for your role.")


class Engine:
    """The rules, parsed and checked against the schema once.

    Raises:
        Misconfigured: A rule does not parse, or does not fit the schema; the message names it.
    """

    def __init__(self, rules: Mapping[str, str], schema: str, limits: Limits) -> None:
        text = "\n".join(rules[name] for name in sorted(rules))
        try:
            self._policies = cedarpy.PolicySet.from_str(text)
        except ValueError as error:
            raise Misconfigured(f"The rules do not parse: {error}", code="rules.syntax") from error
        checked = cedarpy.validate_policies(text, schema)
        if not checked.validation_passed:
            raise Misconfigured(f"The rules do not fit the schema: {checked.errors[0]}", code="rules.schema")
        self.limits = limits
        self.digest = hashlib.sha256(f"{text}\x00{schema}\x00{limits.digest}".encode()).hexdigest()
        # Rules do not change while they run, so an answer on access holds for as long as they do.
        self.may = lru_cache(maxsize=16_384)(self._may)
        self._reasons: dict[str, Reason] = {}
        self._movable: set[str] = set()  # the rules that an approval may change the mind of
        self._permits_move = False
        for policy_id, template in self._policies.to_pst().static_policies.items():
            name = template.annotations.get("id") or policy_id
            self._reasons[policy_id] = Reason(name, template.annotations.get("sentence") or "")
            if _looks_at_approval(template):
                self._movable.add(policy_id)
                self._permits_move |= template.effect == "permit"
        self._entity = lru_cache(maxsize=4_096)(_entity)

    @classmethod
    def read(cls, limits: Limits, home: Path = _HOME) -> "Engine":
        """The rules and the schema from a folder; the product's own by default."""
        rules = {file.name: file.read_text(encoding="utf-8") for file in (home / "rules").glob("*.cedar")}
        return cls(rules, (home / "retail.cedarschema").read_text(encoding="utf-8"), limits)

    def situation(self, actor: Actor, kind: str, location: LocationId, region: str, facts: Facts) -> Situation:
        """The facts of an action as the rules will see them, with this place's limits written in."""
        limits = self.limits.place(region, location)
        return Situation(kind, location, region, principal(actor), facts.context(limits))

    def decide(self, situation: Situation) -> Verdict:
        """The verdict on an action, given the approval the situation carries: none before anybody was asked.

        The reasons are the objections to what is carried, or the rules that permit it.
        """
        reasons: tuple[Reason, ...] = ()
        given = next(step for step, (approval, _) in enumerate(_LADDER) if approval == situation.approval)
        for approval, outcome in _LADDER[given:]:
            answer = self._ask(situation.approved(approval))
            if not reasons:
                reasons = answer.reasons
            if answer.allowed:
                return Verdict(Outcome.ALLOW if approval == situation.approval else outcome, reasons, self.digest)
            if answer.final:
                break
        return Verdict(Outcome.DENY, reasons, self.digest)

    def _may(self, actor: Actor, tool: str, location: LocationId | None) -> Verdict:
        """Whether an actor may use a tool at a location, or across the chain when there is none."""
        resource = {"type": "Location", "id": location} if location else {"type": "Chain", "id": "retailer"}
        answer = self._authorize(principal(actor), tool, resource, {})
        return Verdict(Outcome.ALLOW if answer.allowed else Outcome.DENY, answer.reasons, self.digest)

    def _ask(self, situation: Situation) -> "_Answer":
        context = {**situation.context, "approval": situation.approval}
        resource = {"type": "Location", "id": situation.location}
        return self._authorize(situation.principal, situation.kind, resource, context)

    def _authorize(
        self, who: dict[str, Any], action: str, resource: dict[str, str], context: dict[str, Any]
    ) -> "_Answer":
        request = {
            "principal": who["uid"],
            "action": {"type": "Action", "id": action},
            "resource": resource,
            "context": context,
        }
        answer = cedarpy.is_authorized(request, self._policies, self._entity(json.dumps([who])))
        if answer.diagnostics.errors:  # a rule that could not be evaluated must never count as silence
            return _Answer(allowed=False, reasons=(_ERROR,), final=False)
        decided = answer.diagnostics.reasons
        reasons = tuple(sorted((self._reasons[name] for name in decided), key=lambda reason: reason.rule))
        if answer.allowed:
            return _Answer(allowed=True, reasons=reasons, final=True)
        final = not self._movable.issuperset(decided) if decided else not self._permits_move
        return _Answer(allowed=False, reasons=reasons or (_NO_PERMIT,), final=final)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Cedar says to one question; `final` when no rule behind it looks at approvals: none can change it."""

    allowed: bool
    reasons: tuple[Reason, ...]
    final: bool


def _entity(facts: str) -> cedarpy.Entities:
    return cedarpy.Entities.from_json_str(facts)


def _looks_at_approval(rule: Template) -> bool:
    tree = repr(rule.clauses)
    whole = tree.count("Var(name='context')") > tree.count("base=Var(name='context'), attr=")  # all of it at once
    return whole or "attr='approval'" in tree


def principal(actor: Actor) -> dict[str, Any]:
    """The actor as a Cedar entity."""
    return {
        "uid": {"type": "Actor", "id": actor.id},
        "attrs": {
            "everywhere": actor.locations is None,
            "locations": [{"__entity": {"type": "Location", "id": place}} for place in sorted(actor.locations or ())],
            "person": actor.role.person,
            "model": actor.model,
        },
        "parents": [{"type": "Role", "id": actor.role.value}],
    }
