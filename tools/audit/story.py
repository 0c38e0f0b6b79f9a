"""One action's whole story, as fields for a program and as one screen for a person: 40 lines of 100 characters."""

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from policies.actions.any_action import read_action
from policies.vocabulary.money import Money
from tools.audit.entry import canonical

_WIDTH: Final = 100
_LABEL: Final = 11
_LINES: Final = 3  # of one item, at most: with the title, thirteen items fill the screen
_SCREEN: Final = 40
_TOLD: Final = 4  # outcomes on a screen; the fields hold all of them
_TOLD_BY_REGISTERS: Final = frozenset({"shown", "applied", "dismissed", "redeemed"})


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


class Happened(Told):
    """What became of it outside: shown, applied, dismissed, redeemed, accepted, given_back; or withdrawn before.

    `minor` is the money taken off or given back, in the action's currency; `flags` say what was not as decided.
    """

    kind: str
    at: datetime
    order: str
    minor: int | None
    flags: tuple[str, ...]
    because: str
    by: str


class Undone(Told):
    """The action that took it back; `left` is the money in minor units that stays spent."""

    by: str
    actor: str
    at: datetime
    left: int


class Story(Told):
    """Event, evidence, rationale, verdict, approver, call, response, outcome and undo of one action."""

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
    happened: tuple[Happened, ...]
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
        judged = self.verdicts if len(self.verdicts) <= 2 else (self.verdicts[0], self.verdicts[-1])  # noqa: PLR2004  # first, last
        items += [("verdict", _verdict(each)) for each in judged]
        items += [
            ("approval", _approval(self.approval)),
            ("call", self._call()),
            ("response", self._response()),
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
        return f"{done.call} on {done.platform}, key {done.key}, try {done.tries}"

    def _response(self) -> str:
        if self.carried is None:
            return "none"
        done = self.carried
        replayed = ", answered from the first time" if done.replayed else ""
        return f"{done.reference} at {_at(done.at)}{replayed}, digest {done.digest[:12]}"

    def _outcome(self) -> str:
        parts = [f"{self.state}{f': {self.error}' if self.error else ''}"]
        parts += [self._one(each) for each in self.happened[:_TOLD]]
        if self.redeemed_on and not any(each.kind == "accepted" for each in self.happened):
            parts.append(f"used on order {self.redeemed_on}")
        if len(self.happened) > _TOLD:
            parts.append(f"{len(self.happened) - _TOLD} more")
        return "; ".join(parts)

    def _one(self, each: Happened) -> str:
        money = "an amount nobody told" if each.minor is None else str(Money(each.minor, self.currency))
        flags = f" ({', '.join(each.flags).replace('_', ' ')})" if each.flags else ""
        if each.kind in _TOLD_BY_REGISTERS:
            return f"{each.kind} at {_at(each.at)}{flags}"
        if each.kind == "accepted":
            return f"used on order {each.order} at {_at(each.at)}, {money} taken off{flags}"
        if each.kind == "given_back":
            return f"{money} of it given back at {_at(each.at)}, order {each.order} was {each.because}"
        if each.kind == "measured":
            return f"measured at {_at(each.at)}: {each.because}"
        return f"withdrawn by {each.by} at {_at(each.at)}: {each.because}"

    def _undo(self) -> str:
        if self.undoes:
            return f"this undoes {self.undoes}"
        if self.undone is None:
            return "not undone"
        left = Money(self.undone.left, self.currency)
        return f"by {self.undone.actor} at {_at(self.undone.at)}, {left} stays spent ({self.undone.by})"


class Explanation(Told):
    """The stories an id leads to, oldest first; `notes` are calls and refusals that led to no action."""

    asked: str
    about: str
    stories: tuple[Story, ...]
    notes: tuple[str, ...]
    truncated: bool

    def text(self) -> str:
        """For a terminal: the story, or the list of stories when there are several."""
        return screen(self.stories, self.notes, truncated=self.truncated)


def screen(stories: Sequence[Story], notes: Sequence[str], *, truncated: bool) -> str:
    """One screen: the one story, or a list of several with a line or two for each, then what led to no action."""
    lines = stories[0].text().splitlines() if len(stories) == 1 else []
    if len(stories) > 1:
        lines.append(f"{len(stories)} actions; explain one of them by its id:")
        lines += [line for story in stories for line in _listed(story)]
    room = _SCREEN - 1 - len(lines)
    told = [line for note in notes for line in textwrap.wrap(note, _WIDTH, max_lines=2, placeholder=" ...")]
    lines += told[:room]
    if truncated or len(told) > room:
        lines.append("There is more than fits here; ask for one action.")
    return "\n".join(lines)


def _listed(story: Story) -> list[str]:
    sentence = read_action(story.facts).sentence()
    head = f"{story.action_id}  {story.state:9}  {story.location}  {story.actor.get('id', '?')}"
    return [head[:_WIDTH], *textwrap.wrap(f"    {sentence}", _WIDTH, max_lines=1, placeholder=" ...")]


def _verdict(why: Why) -> str:
    reasons = "; ".join(f"{each.rule}{f': {each.sentence}' if each.sentence else ''}" for each in why.reasons)
    again = "after approval: " if why.again else ""
    return f"{again}{why.outcome} ({reasons}){_segment(why)} by rules {why.rules[:12]}"


def _segment(why: Why) -> str:
    """What the limits made of the customer, where that could have mattered."""
    facts = why.situation.get("context", {})
    if not facts.get("high_value"):
        return ""
    return f", for a high-value customer (who spent {facts['limit']['high_value_spent']} cents or more)"


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
