"""One action's whole story, as fields for a program and as one screen for a person."""

import textwrap
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from policies.actions.any_action import read_action
from policies.vocabulary.money import Money
from tools.audit.entry import canonical

_WIDTH: Final = 110
_LABEL: Final = 11
_LINES: Final = 3  # of one item, at most


class Told(BaseModel):
    """Closed and immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Told):
    """What happened first."""

    id: str
    topic: str
    source: str
    occurred_at: datetime
    received_at: datetime


class Reason(Told):
    """One rule that decided."""

    rule: str
    sentence: str


class Why(Told):
    """A verdict and what it rested on; `again` when it was asked again after an approval."""

    at: datetime
    outcome: str
    reasons: tuple[Reason, ...]
    rules: str
    situation: dict[str, Any]
    again: bool


class Approval(Told):
    """The question to a person and the answer; `state` is waiting, approved, rejected or expired."""

    approval_id: str
    needs: str
    asked_at: datetime
    expires_at: datetime
    state: str
    by: str
    at: datetime | None
    note: str


class Carried(Told):
    """The call to the platform and its answer."""

    platform: str
    call: str
    key: str
    reference: str
    replayed: bool
    tries: int
    digest: str
    at: datetime


class Undone(Told):
    """The action that took it back; `left` is the money in minor units that stays spent."""

    by: str
    actor: str
    at: datetime
    left: int


class Story(Told):
    """Event, evidence, rationale, verdict, approver, call, outcome and undo of one action."""

    action_id: str
    kind: str
    facts: dict[str, Any]
    location: str
    money: int
    currency: str
    correlation: str
    causation: str
    event: Event | None
    actor: dict[str, Any]
    evidence: dict[str, Any]
    rationale: str
    model: str
    verdicts: tuple[Why, ...]
    approval: Approval | None
    carried: Carried | None
    state: str
    error: str
    redeemed_on: str
    undone: Undone | None
    undoes: str
    records: tuple[int, ...]

    def text(self) -> str:
        """One screen."""
        lines = [f"{self.action_id}  {self.kind} at {self.location}: {self.state}"]
        for label, told in self._items():
            lines += _item(label, told)
        return "\n".join(lines)

    def _items(self) -> list[tuple[str, str]]:
        who = self.actor
        behalf = f" for {who['on_behalf_of']}" if who.get("on_behalf_of") else ""
        items = [
            ("action", read_action(self.facts).sentence()),
            ("event", self._event()),
            ("proposed", f"by {who.get('id', '?')} ({who.get('role', '?')}){behalf}, {who.get('door', '?')} door"),
            ("evidence", canonical(self.evidence)),
            ("rationale", f"{self.rationale}{f' (words by {self.model})' if self.model else ''}"),
        ]
        items += [("verdict", _verdict(each)) for each in self.verdicts]
        items += [
            ("approval", _approval(self.approval)),
            ("call", self._call()),
            ("outcome", self._outcome()),
            ("undo", self._undo()),
            ("records", ", ".join(map(str, self.records)) or "none"),
        ]
        return items

    def _event(self) -> str:
        if self.event is None:
            return f"none: it follows from {self.causation}"
        return f"{self.event.topic} from {self.event.source} at {_at(self.event.occurred_at)} ({self.event.id})"

    def _call(self) -> str:
        if self.carried is None:
            return "none"
        done = self.carried
        replayed = ", answered from the first time" if done.replayed else ""
        return f"{done.call} on {done.platform}: {done.reference} at {_at(done.at)}, try {done.tries}{replayed}"

    def _outcome(self) -> str:
        used = f", used on order {self.redeemed_on}" if self.redeemed_on else ""
        return f"{self.state}{f': {self.error}' if self.error else ''}{used}"

    def _undo(self) -> str:
        if self.undoes:
            return f"this undoes {self.undoes}"
        if self.undone is None:
            return "not undone"
        left = Money(self.undone.left, self.currency)
        return f"by {self.undone.actor} at {_at(self.undone.at)} ({self.undone.by}); {left} stays spent"


class Explanation(Told):
    """The stories an id leads to, oldest first; `notes` are calls and refusals that led to no action."""

    asked: str
    about: str
    stories: tuple[Story, ...]
    notes: tuple[str, ...]
    truncated: bool

    def text(self) -> str:
        """For a terminal: one screen for each story."""
        parts = [story.text() for story in self.stories]
        if self.notes:
            parts.append("\n".join(self.notes))
        if self.truncated:
            parts.append("There are more; ask for one action.")
        return "\n\n".join(parts)


def _verdict(why: Why) -> str:
    reasons = "; ".join(f"{each.rule}{f': {each.sentence}' if each.sentence else ''}" for each in why.reasons)
    return f"{'after approval: ' if why.again else ''}{why.outcome} ({reasons}) by rules {why.rules[:12]}"


def _approval(approval: Approval | None) -> str:
    if approval is None:
        return "none needed"
    if approval.state == "waiting":
        return f"{approval.approval_id} waits until {_at(approval.expires_at)}"
    if approval.at is None or approval.state == "expired":
        return f"{approval.approval_id} expired: nobody answered in time"
    return f"{approval.state} by {approval.by} at {_at(approval.at)}{f': {approval.note}' if approval.note else ''}"


def _item(label: str, told: str) -> list[str]:
    wrapped = textwrap.wrap(told, _WIDTH - _LABEL, max_lines=_LINES, placeholder=" ...") or ["-"]
    return [f"{label if number == 0 else '':<{_LABEL}}{line}" for number, line in enumerate(wrapped)]


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
