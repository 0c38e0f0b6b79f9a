"""One record of the ledger: what happened, as the exact bytes that are hashed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from policies.errors import Refused

Kind = Literal[
    "decision",  # a proposal, the situation it was judged in, and the verdict
    "refused",  # what could not even be judged, or was asked by somebody who may not
    "approval",  # asked, answered or expired
    "executed",
    "failed",
    "undone",
    "withdrawn",  # kept from happening by a person who was not asked
    "withheld",  # an offer worth making was not made: a held-out customer, or the draw's turn to say nothing
    "shown",  # a register told that the customer saw the offer
    "applied",  # a register told that the offer's code is on the basket
    "dismissed",  # a register told that the customer did not want it
    "redeemed",  # a register told of a sale paid with it; the platform's own order says what it took off
    "accepted",  # an order used the code
    "measured",  # an override of a forecast has ended, and what sold in its days is known
    "given_back",  # goods or the whole order came back
    "ladder",  # AI was let further, or sent back, with the evidence
    "stop",  # a stop switch was thrown or lifted
    "batch",  # many actions taken back together: asked, begun, done
    "review",  # a weekly report made or signed
    "rules",  # other rules or limits are in force from here on, and who put them there
    "call",  # a tool call at the MCP door
    "link",  # a person said that two customers are one, or are not
    "privacy",  # somebody read a customer's raw data, or a customer was erased
    "note",
]

_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode

FIRST = "0" * 64  # what the first record follows


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded.

    Attributes:
        body: JSON without floats and without personal data; what it holds depends on `kind`.
        action: The action it is about; "" when there is none.
        correlation: The story it belongs to.
    """

    kind: Kind
    at: datetime
    body: dict[str, Any]
    action: str = ""
    correlation: str = ""

    def text(self, seq: int) -> str:
        """The record as it is kept and hashed, at its place in the ledger."""
        _refuse_unstorable(self.action + self.correlation)
        start, end = frame(seq, self.kind, self.at, self.action, self.correlation)
        return f"{start}{canonical(self.body)}{end}"


def frame(seq: int, kind: str, at: datetime, action: str, correlation: str) -> tuple[str, str]:
    """What a record's text begins and ends with, around its body: canonical JSON, like the body and the whole."""
    start = f'{{"action":{_write(action)},"at":"{at.astimezone(UTC).isoformat()}","body":'
    return start, f',"correlation":{_write(correlation)},"kind":"{kind}","seq":{seq}}}'


def canonical(value: Any) -> str:
    """The one way to write a JSON value: sorted keys, no spaces, no floats.

    Raises:
        Refused: It holds a float, a thing JSON has no word for, or text that cannot be stored.
    """
    _exact(value)
    text = _write(value)
    _refuse_unstorable(text, "\\u0000")
    return text


def storable(name: str) -> str:
    """A name somebody sent, or "?" when it holds characters that cannot be stored."""
    try:
        canonical(name)
    except Refused:
        return "?"
    return name


def digest(value: Any) -> str:
    """SHA-256 of the canonical text: equal for equal values, whatever order their keys came in."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def link(previous: str, text: str) -> str:
    """The hash of a record that follows another one."""
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _exact(value: Any) -> None:
    if value is None or isinstance(value, str | int):  # booleans are whole numbers too
        return
    if isinstance(value, dict):
        for key, each in value.items():  # pyright: ignore[reportUnknownVariableType]  # checked right here
            if not isinstance(key, str):
                raise _inexact("a key that is not text")
            _exact(each)
    elif isinstance(value, list | tuple):
        for each in value:  # pyright: ignore[reportUnknownVariableType]  # checked right here
            _exact(each)
    else:
        raise _inexact(f"a {type(value).__name__}")


def _inexact(what: str) -> Refused:
    return Refused(
        f"A record holds exact JSON only, and here is {what}.",
        code="record.not_exact",
        hint="Write money and shares as whole numbers, other figures as text.",
    )


def _refuse_unstorable(text: str, null: str = "\0") -> None:
    """PostgreSQL keeps neither a null nor half of a surrogate pair.

    Args:
        text: Of a record.
        null: How a null is written in it.
    """
    fine = null not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        fine = False
    if not fine:
        raise Refused("Text in a record holds characters that cannot be stored.", code="record.characters")
