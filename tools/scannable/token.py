"""What a scannable offer says, in text that only we can have written."""

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from policies.errors import Refused
from policies.vocabulary.percent import Percent

_MARK: Final = "TH1"  # what every one begins with; another form would be TH2
_SIGNED: Final = 16  # bytes of the signature: guessing one of 2^128 is hopeless, and a smaller code scans better
_LONGEST: Final = 512
_NUMBER: Final = 9  # bytes; twelve letters, so that none is taken for a repetition's
_REPEATS: Final = "r"
_ACTION: Final = "act_"
_PART: Final = 20  # hexadecimal digits of a decision's id


@dataclass(frozen=True, slots=True)
class ScannableOffer:
    """A percentage off one variant, for whoever scans it first.

    Attributes:
        number: Drawn; tells this one apart from all others.
        until: When it stops.
        location: The only place it is good at; "" for all.
        campaign: The campaign it counts under; "" for none.
    """

    number: str
    sku: str
    percent: Percent
    until: datetime
    location: str = ""
    campaign: str = ""

    @classmethod
    def drawn(
        cls, sku: str, percent: Percent, until: datetime, *, location: str = "", campaign: str = ""
    ) -> "ScannableOffer":
        """A new one under a number nobody can guess."""
        return cls(secrets.token_urlsafe(_NUMBER), sku, percent, until, location, campaign)

    def text(self, secret: bytes) -> str:
        """What the code holds: letters, digits, `-`, `_` and `.` alone."""
        until = int(self.until.timestamp())
        said = [self.number, self.sku, self.percent.basis_points, until, self.location, self.campaign]
        body = _written(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode())
        return f"{_MARK}.{body}.{_written(_signature(secret, body))}"


def number_of(decision: str) -> str:
    """The number of an offer that repeats a decided one: the same for the same decision."""
    return f"{_REPEATS}{decision.removeprefix(_ACTION)[:_PART]}"


def decision_of(number: str) -> str:
    """How the id of the decision begins that an offer of this number repeats; "" for one that was drawn."""
    part = number.removeprefix(_REPEATS)
    repeats = len(number) == len(_REPEATS) + _PART and part != number and not set(part) - set("0123456789abcdef")
    return f"{_ACTION}{part}" if repeats else ""


def read_scanned(text: str, secret: bytes) -> ScannableOffer:
    """The offer a register scanned.

    Raises:
        Refused: `scan.unknown`: we did not write it, or somebody changed it.
    """
    mark, _, rest = text[:_LONGEST].partition(".")
    body, _, signature = rest.partition(".")
    try:
        told = _read(signature)
        if mark != _MARK or not hmac.compare_digest(told, _signature(secret, body)):
            raise _unknown()
        number, sku, percent, until, location, campaign = _fields(body)
        return ScannableOffer(number, sku, Percent(percent), datetime.fromtimestamp(until, UTC), location, campaign)
    except (binascii.Error, ValueError) as error:
        raise _unknown() from error


def _fields(body: str) -> tuple[Any, ...]:
    return tuple(json.loads(_read(body)))


def _signature(secret: bytes, body: str) -> bytes:
    return hmac.digest(secret, f"{_MARK}.{body}".encode(), "sha256")[:_SIGNED]


def _written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _read(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _unknown() -> Refused:
    return Refused(
        "This code is not one of ours, or was changed.",
        code="scan.unknown",
        hint="Scan it once more; if it stays unknown, it is not an offer of this chain.",
        field="scanned",
    )
