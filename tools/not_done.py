"""What was not done, in the guard's words: to whoever asked, and for the record."""

from datetime import datetime
from typing import Any

from policies.decision import Outcome
from policies.errors import Refused, TillhandError
from policies.vocabulary.actor import Actor
from tools.access import named
from tools.action_row import actor_facts
from tools.audit.entry import Entry
from tools.proposal import Decision


def reading_only() -> Refused:
    """What everybody is told where nothing may be changed."""
    return Refused(
        "This installation only looks: nothing may be changed through it.",
        code="guard.read_only",
        hint="The operator sets TILLHAND_READ_ONLY.",
    )


def denied(error: TillhandError) -> Decision:
    """What could not be judged, as a burst is told it."""
    reasons = ((error.code, error.message),)
    return Decision("", "denied", Outcome.DENY, reasons, error=error.message)


def attempt(actor: Actor, asked: str, about: str, error: TillhandError, at: datetime) -> Entry:
    """The record of an answer, an undoing or a withdrawal that was refused to somebody."""
    body: dict[str, Any] = {
        "actor": actor_facts(actor),
        "asked": asked,
        "about": named(about),
        "code": error.code,
        "sentence": error.message,
    }
    return Entry("refused", at, body)
