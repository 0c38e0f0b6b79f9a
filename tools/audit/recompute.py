"""Judge a recorded situation again, bit for bit: the same facts under the same rules give the same verdict."""

import json
from dataclasses import dataclass

from policies.decision import Outcome, Reason, Verdict
from policies.engine import Engine
from policies.errors import NotFound
from policies.situation import Situation


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A verdict then and now.

    Attributes:
        equal: Outcome and reasons are the same, rule by rule.
        same_rules: The rules and limits are the ones that decided then; if they are, `equal` must hold.
    """

    recorded: Verdict
    now: Verdict
    equal: bool
    same_rules: bool


def recompute(entry: str, engine: Engine) -> Recomputed:
    """Judge what a ledger record of kind `decision` holds again.

    Args:
        entry: The record's text as the ledger keeps it.
        engine: The rules to judge by: those of now, or others to try on the past.

    Raises:
        NotFound: The record holds no situation.
    """
    told = json.loads(entry)
    body = told["body"]
    if told["kind"] != "decision" or not body["situation"]:
        raise NotFound("This record holds no situation to judge.", code="record.no_situation")
    verdict = body["verdict"]
    reasons = tuple(Reason(each["rule"], each["sentence"]) for each in verdict["reasons"])
    recorded = Verdict(Outcome(verdict["outcome"]), reasons, verdict["rules"])
    now = engine.decide(Situation.read(body["situation"]))
    equal = (now.outcome, now.reasons) == (recorded.outcome, recorded.reasons)
    return Recomputed(recorded, now, equal, now.rules == recorded.rules)
