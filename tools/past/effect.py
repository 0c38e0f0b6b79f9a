"""What another verdict would have meant, next to what happened: what is sure, and what hangs on a person's answer.

Nobody can know whether a refused offer would have been used, or how a manager would have answered a question that was
never asked. Such money is kept apart by what it hangs on, so that a sum can be told as bounds, or weighed by shares
that were really seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies.decision import Outcome
from tools.past.recorded import Recorded
from tools.past.recount import NEVER, Span

ASKED: Final = frozenset({Outcome.CONFIRM, Outcome.APPROVE, Outcome.APPROVE_TWO})


@dataclass(frozen=True, slots=True)
class Effect:
    """One decision's part in the sums; money in minor units, of discounts alone.

    Attributes:
        asked: A person is asked.
        new: The question was never asked in fact, so its answer is not known.
        seconds: Between question and answer, where it was.
        given: Money taken off at the till for sure.
        if_used: Money taken off if the customer uses the offer.
        if_approved: Money that was taken off, and would be again if a person says yes.
        if_both: Money taken off if a person says yes and the customer uses it.
        promised: The most that offers made for sure can cost.
        promised_if_approved: The most that offers can cost that a person would have to allow.
    """

    refused: bool = False
    asked: bool = False
    new: bool = False
    seconds: int = 0
    given: int = 0
    if_used: int = 0
    if_approved: int = 0
    if_both: int = 0
    promised: int = 0
    promised_if_approved: int = 0


def then(one: Recorded) -> Effect:
    """What happened."""
    money = one.money if one.discount and one.made else 0
    return Effect(
        refused=one.outcome is Outcome.DENY,
        asked=one.outcome in ASKED,
        seconds=one.answered_s,
        given=one.given,
        promised=money,
    )


def now(one: Recorded, outcome: Outcome) -> Effect:
    """What would have happened had the verdict been this one."""
    if outcome is one.outcome:
        return then(one)
    if outcome is Outcome.DENY:
        return Effect(refused=True)
    money = one.money if one.discount and not one.failed else 0
    if outcome is Outcome.ALLOW:
        if one.made:
            return Effect(given=one.given, promised=money)
        return Effect(if_used=money, promised=money)
    if one.made:
        return Effect(asked=True, new=True, if_approved=one.given, promised_if_approved=money)
    return Effect(asked=True, new=True, if_both=money, promised_if_approved=money)


def counted_then(one: Recorded) -> Span:
    """From when until when it counted in the totals."""
    return NEVER if one.outcome is Outcome.DENY else Span(one.at, one.counted_until)


def counted_now(one: Recorded, outcome: Outcome, *, approved: bool, expires_s: int) -> Span:
    """From when until when it would have counted, had the verdict been this one.

    Args:
        one: The decision.
        outcome: The verdict's.
        approved: How a question that was never asked is answered: yes, or not at all.
        expires_s: Seconds until an unanswered one is a no.
    """
    if outcome is one.outcome:
        return counted_then(one)
    if outcome is Outcome.DENY:
        return NEVER
    if outcome in ASKED and not approved:
        return Span(one.at, _sooner(one.at + timedelta(seconds=expires_s), one.counted_until if one.made else None))
    return Span(one.at, one.counted_until if one.made or one.failed else None)


def _sooner(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)
