"""Judge a recorded situation again, bit for bit: the same facts under the same rules give the same verdict."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.decision import Outcome, Reason, Verdict
from policies.engine import Engine
from policies.errors import NotFound
from policies.situation import Situation

_DECISIONS = text("SELECT entry FROM ledger WHERE action_id = :id AND kind = 'decision' ORDER BY seq")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A verdict then and now.

    Attributes:
        at: When it was judged.
        again: Whether it was judged after an approval, with the facts of that moment.
        equal: Outcome and reasons are the same, rule by rule.
        same_rules: The rules and limits are the ones that decided then; if they are, `equal` must hold.
    """

    at: datetime
    again: bool
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
    recorded = read_recorded(entry)
    now = engine.decide(Situation.read(body["situation"]))
    equal = (now.outcome, now.reasons) == (recorded.outcome, recorded.reasons)
    at = datetime.fromisoformat(told["at"])
    return Recomputed(at, bool(body.get("again")), recorded, now, equal, now.rules == recorded.rules)


def read_recorded(entry: str) -> Verdict:
    """The verdict a record of kind `decision` holds."""
    verdict = json.loads(entry)["body"]["verdict"]
    reasons = tuple(Reason(each["rule"], each["sentence"]) for each in verdict["reasons"])
    return Verdict(Outcome(verdict["outcome"]), reasons, verdict["rules"])


async def decisions_of(connection: Connection, action: str) -> list[str]:
    """The records of an action's decisions, first the one when it was proposed.

    Raises:
        NotFound: No action of this id was decided on.
    """
    entries = list((await connection.execute(_DECISIONS, {"id": action})).scalars())
    if not entries:
        raise NotFound(
            "No decision about an action of this id is on record.",
            code="action.unknown",
            hint="tillhand explain ID leads from an order or an approval to its action.",
            field="action_id",
        )
    return entries
