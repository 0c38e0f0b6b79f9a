"""Cedar: situation in, verdict out, with the rules' ids and sentences as reasons.

The rules say only yes or no. The verdict adds which approval would turn a no into a yes, found by asking again
as if it had been given: no approval first, then the same person's confirmation, then a manager's approval.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import cedarpy

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
        self._reasons: dict[str, Reason] = {}
        for policy_id, template in self._policies.to_pst().static_policies.items():
            name = template.annotations.get("id") or policy_id
            self._reasons[policy_id] = Reason(name, template.annotations.get("sentence") or "")

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
        """The verdict on an action, given no approval yet."""
        reasons: tuple[Reason, ...] = ()
        for approval, outcome in _LADDER:
            allowed, why = self._ask(situation.approved(approval))
            if not reasons:
                reasons = why
            if allowed:
                return Verdict(outcome, reasons, self.digest)
        return Verdict(Outcome.DENY, reasons, self.digest)

    def allows(self, situation: Situation) -> bool:
        """Whether the action may happen with exactly the approval the situation carries."""
        return self._ask(situation)[0]

    def may(self, actor: Actor, tool: str, location: LocationId | None) -> Verdict:
        """Whether an actor may use a tool at a location, or across the chain when there is none."""
        resource = {"type": "Location", "id": location} if location else {"type": "Chain", "id": "retailer"}
        allowed, why = self._authorize(principal(actor), tool, resource, {})
        return Verdict(Outcome.ALLOW if allowed else Outcome.DENY, why, self.digest)

    def _ask(self, situation: Situation) -> tuple[bool, tuple[Reason, ...]]:
        context = {**situation.context, "approval": situation.approval}
        resource = {"type": "Location", "id": situation.location}
        return self._authorize(situation.principal, situation.kind, resource, context)

    def _authorize(
        self, who: dict[str, Any], action: str, resource: dict[str, str], context: dict[str, Any]
    ) -> tuple[bool, tuple[Reason, ...]]:
        request = {
            "principal": who["uid"],
            "action": {"type": "Action", "id": action},
            "resource": resource,
            "context": context,
        }
        answer = cedarpy.is_authorized(request, self._policies, [who])
        if answer.diagnostics.errors:  # a rule that could not be evaluated must never count as silence
            return False, (Reason("rules.error", "A rule could not be evaluated, so nothing is allowed."),)
        reasons = tuple(sorted((self._reasons[name] for name in answer.diagnostics.reasons), key=lambda r: r.rule))
        return answer.allowed, reasons or (_NO_PERMIT,)


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
