"""Plans: what a dry run promised, so that the call after it does exactly that or says what has changed.

A plan is kept nowhere. Its id carries a keyed hash of each kind of fact the preview rested on, and a seal over them,
the actor and the time it is good until: whoever holds it learns nothing from it and can change nothing in it.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from policies.errors import Refused
from policies.vocabulary.actor import Actor
from tools.audit.entry import canonical

VALID: Final = timedelta(minutes=10)  # time to read a card and say yes; prices older than that want a second look
_PREFIX: Final = "plan_"
_SEAL: Final = 16  # bytes
_PART: Final = 6  # bytes of each kind's hash: it tells change from no change, and the seal keeps it honest
_TIME: Final = 5  # bytes of seconds since 1970

# in the order in which they are named to a person
_SAID: Final[Mapping[str, str]] = {
    "request": "what is asked for",
    "price": "the price or cost",
    "stock": "the stock",
    "totals": "what others were promised",
    "circumstances": "the circumstances",
    "rules": "the rules or limits",
    "verdict": "the verdict",
    "state": "where the action stands",
}

Facts = Mapping[str, Any]
"""What a preview rested on: exact JSON by kind, of the kinds above."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A preview's name, and until when it may be carried out under it."""

    id: str
    expires_at: datetime


class Plans:
    """Issues plans and holds callers to them.

    Args:
        secret: The same in every process that serves callers.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, actor: Actor, facts: Facts, at: datetime) -> Plan:
        """A plan for this actor, resting on these facts, good for ten minutes from `at`."""
        expires = (at + VALID).astimezone(UTC).replace(microsecond=0)
        body = int(expires.timestamp()).to_bytes(_TIME) + b"".join(self._parts(facts).values())
        sealed = body + self._seal(actor, facts, body)
        return Plan(_PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("="), expires)

    def check(self, plan: str, actor: Actor, facts: Facts, at: datetime) -> None:
        """Let through what is exactly what was previewed.

        Raises:
            Refused: The plan is not one of ours for this actor and tool, its time is up, or something has changed: the
                message names what.
        """
        parts = self._parts(facts)
        body, seal = _opened(plan, _TIME + _PART * len(parts))
        if not hmac.compare_digest(seal, self._seal(actor, facts, body)):
            raise _unknown()
        if datetime.fromtimestamp(int.from_bytes(body[:_TIME]), UTC) <= at:
            raise Refused(
                "This plan's time is up.",
                code="plan.expired",
                hint="Preview it again with dry_run, and go on with the new plan_id.",
                field="plan_id",
            )
        changed = [
            kind for place, (kind, part) in enumerate(parts.items()) if part != body[_TIME + place * _PART :][:_PART]
        ]
        if changed:
            raise Refused(
                f"Since the preview something changed: {', '.join(_SAID[kind] for kind in changed)}.",
                code="plan.stale",
                hint="Preview it again with dry_run; if it is still wanted, go on with the new plan_id.",
                field="plan_id",
            )

    def _parts(self, facts: Facts) -> dict[str, bytes]:
        ordered = (kind for kind in _SAID if kind in facts)
        return {kind: self._keyed(f"{kind}\0{canonical(facts[kind])}".encode())[:_PART] for kind in ordered}

    def _seal(self, actor: Actor, facts: Facts, body: bytes) -> bytes:
        kinds = ",".join(kind for kind in _SAID if kind in facts)
        return self._keyed(f"seal\0{actor.id}\0{kinds}\0".encode() + body)[:_SEAL]

    def _keyed(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text, "sha256")


def _opened(plan: str, length: int) -> tuple[bytes, bytes]:
    """The body and seal of a plan's id."""
    text = plan.removeprefix(_PREFIX)
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise _unknown() from error
    if len(sealed) != length + _SEAL or not plan.startswith(_PREFIX):
        raise _unknown()
    return sealed[:length], sealed[length:]


def _unknown() -> Refused:
    return Refused(
        "This plan is not one that was given to you for this.",
        code="plan.unknown",
        hint="Preview it with dry_run, and go on with the plan_id of that answer.",
        field="plan_id",
    )
