"""Cedar: situation in, verdict out, with the rules' ids and sentences as reasons.

The rules say only yes or no. The verdict adds which approval would turn a no into a yes, found by asking again
as if it had been given: none, the same person's confirmation, a manager's approval, two managers'.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cedarpy
from cedarpy.pst import ActionEq, ActionIn, PolicySet, Template

from policies.approvals_named import approvals_named
from policies.decision import Outcome, Reason, Verdict
from policies.ladder import Standing
from policies.limits import Limits
from policies.rollout import Rollout
from policies.rule_text import fits, read_rules
from policies.situation import Approved, Facts, Situation, completed
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId

_HOME = Path(__file__).parent
_LADDER: Final[tuple[tuple[Approved, Outcome], ...]] = (
    ("none", Outcome.ALLOW),
    ("confirmed", Outcome.CONFIRM),
    ("manager", Outcome.APPROVE),
    ("two_managers", Outcome.APPROVE_TWO),
)
_ERROR = Reason("rules.error", "A rule could not be evaluated, so nothing is allowed.")
_NO_PERMIT = Reason("access.nothing_permits", "No rule allows this for your role.")


class Engine:
    """The rules, parsed and checked against the schema once.

    Raises:
        Misconfigured: A rule does not parse, or does not fit the schema; the message has the file and the line.
    """

    def __init__(self, rules: Mapping[str, str], schema: str, limits: Limits, rollout: Rollout | None = None) -> None:
        text = "\n".join(rules[name] for name in sorted(rules))
        for name in sorted(rules):
            fits(name, rules[name], schema)
        self.limits = limits.pinned()
        self.texts, self.schema = dict(rules), schema  # kept with what they decide: see tools.past.ruleset
        self.rollout = rollout or Rollout.read()
        self.digest = hashlib.sha256(f"{text}\x00{schema}\x00{limits.digest}".encode()).hexdigest()
        # Rules do not change while they run, so an answer on access holds for as long as they do.
        self.may = lru_cache(maxsize=16_384)(self._may)
        told = [rule for name in sorted(rules) for rule in parsed(rules[name])]
        self._rules = {f"policy{number}": rule for number, rule in enumerate(told)}
        # the rules that an approval may change the mind of, and the approvals that a rule's text tells from all others
        self._movable = {name for name, rule in self._rules.items() if rule.named is None or rule.named}
        self._named = {name: rule.named for name, rule in self._rules.items() if rule.named is not None}
        self._permits_move = any(self._rules[name].written.effect == "permit" for name in self._movable)
        self._about = lru_cache(maxsize=256)(self._rules_about)
        self._grouped = re.search(r"^action [^{;]*\bin\b", schema, re.MULTILINE) is not None
        self._entity = lru_cache(maxsize=4_096)(_entity)

    @classmethod
    def read(cls, limits: Limits, home: Path = _HOME, rollout: Rollout | None = None) -> "Engine":
        """The rules and the schema from a folder; the product's own by default.

        Raises:
            Misconfigured: They cannot be used, or somebody's name is missing on them.
        """
        return cls(read_rules(home), (home / "retail.cedarschema").read_text(encoding="utf-8"), limits, rollout)

    def become(self, other: "Engine") -> None:
        """Take on other rules, limits and rollout at once: whoever holds this engine asks those from now on."""
        self.__dict__ = dict(vars(other))

    def pinned(self) -> "Engine":
        """These rules as they are now, for a piece of work that must not see two sets of them."""
        same = object.__new__(Engine)
        same.become(self)
        return same

    def situation(  # noqa: PLR0913  # what makes a situation, each by name
        self, actor: Actor, kind: str, location: LocationId, region: str, facts: Facts, *, standing: Standing
    ) -> Situation:
        """The facts of an action as the rules will see them, with this place's limits and AI's standing written in."""
        limits = self.limits.place(region, location)
        return Situation(kind, location, region, principal(actor), {**facts.context(limits), **standing.context()})

    def decide(self, situation: Situation) -> Verdict:
        """The verdict on an action, given the approval the situation carries: none before anybody was asked.

        The reasons are the objections to what is carried, or the rules that permit it.
        """
        reasons: tuple[Reason, ...] = ()
        objecting: tuple[str, ...] = ()
        asked: Approved = situation.approval
        given = next(step for step, (approval, _) in enumerate(_LADDER) if approval == situation.approval)
        for approval, outcome in _LADDER[given:]:
            if any(self._tells_apart(rule, asked, approval) is False for rule in objecting):
                continue  # a rule that objected would object again
            answer, asked = self._ask(situation.approved(approval)), approval
            if not reasons:
                reasons = answer.reasons
            if answer.allowed:
                return Verdict(Outcome.ALLOW if approval == situation.approval else outcome, reasons, self.digest)
            if answer.final:
                break
            objecting = answer.objecting
        return Verdict(Outcome.DENY, reasons, self.digest)

    def _tells_apart(self, rule: str, one: Approved, other: Approved) -> bool | None:
        """Whether a rule may answer differently to two approvals; `None` when its text does not say."""
        named = self._named.get(rule)
        return None if named is None else one in named or other in named

    def _may(self, actor: Actor, tool: str, location: LocationId | None) -> Verdict:
        """Whether an actor may use a tool at a location, or across the chain when there is none."""
        resource = {"type": "Location", "id": location} if location else {"type": "Chain", "id": "retailer"}
        answer = self._authorize(principal(actor), tool, resource, {})
        return Verdict(Outcome.ALLOW if answer.allowed else Outcome.DENY, answer.reasons, self.digest)

    def _ask(self, situation: Situation) -> "_Answer":
        context = {**completed(situation), "approval": situation.approval}
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
        answer = cedarpy.is_authorized(request, self._about(action), self._entity(json.dumps([who])))
        if answer.diagnostics.errors:  # a rule that could not be evaluated must never count as silence
            return _Answer(allowed=False, reasons=(_ERROR,))
        decided = answer.diagnostics.reasons
        reasons = tuple(sorted((self._rules[name].reason for name in decided), key=lambda reason: reason.rule))
        if answer.allowed:
            return _Answer(allowed=True, reasons=reasons)
        final = not self._movable.issuperset(decided) if decided else not self._permits_move
        return _Answer(allowed=False, reasons=reasons or (_NO_PERMIT,), final=final, objecting=tuple(decided))

    def _rules_about(self, action: str) -> cedarpy.PolicySet:
        """The rules that speak of an action, or of all: the others answer nothing, and are most of them.

        Where actions belong to groups a rule may speak of one by its group, so all rules are asked.
        """
        about = {
            name: replace(rule.written, id=name)
            for name, rule in self._rules.items()
            if self._grouped or _speaks_of(rule.written, action)
        }
        return cedarpy.PolicySet.from_pst(PolicySet(templates={}, static_policies=about, template_links=()))


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Cedar says to one question.

    Attributes:
        final: No rule behind it looks at approvals: none can change it.
        objecting: Cedar's names of the rules that forbid.
    """

    allowed: bool
    reasons: tuple[Reason, ...]
    final: bool = False
    objecting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by itself.

    Attributes:
        named: The approvals that its text tells from all others; `None` when it does not say.
    """

    written: Template
    reason: Reason
    named: frozenset[str] | None


@lru_cache(maxsize=256)  # what changes is a file, or the limits; the other files say what they said
def parsed(text: str) -> tuple[Rule, ...]:
    """The rules of a file, in its order."""
    written = cedarpy.PolicySet.from_str(text).to_pst().static_policies
    return tuple(
        Rule(
            rule,
            Reason(rule.annotations.get("id") or name, rule.annotations.get("sentence") or ""),
            approvals_named(rule),
        )
        for name, rule in written.items()
    )


def _entity(facts: str) -> cedarpy.Entities:
    return cedarpy.Entities.from_json_str(facts)


def _speaks_of(rule: Template, action: str) -> bool:
    scope = rule.action
    if isinstance(scope, ActionEq):
        return scope.entity.id == action
    return not isinstance(scope, ActionIn) or action in {each.id for each in scope.entities}


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
