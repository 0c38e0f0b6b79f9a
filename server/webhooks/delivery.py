"""A delivery: what a platform sent us, proven to be its own."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from knowledge.events.event import Event
from policies.errors import Refused


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified delivery.

    Attributes:
        topic: As the platform names it.
        name: The platform's own name for this delivery, or its content's digest where it gives none.
        body: The JSON to translate, still as bytes.
    """

    source: str
    topic: str
    name: str
    body: bytes


class Read(Protocol):
    """From a request to a delivery; raises `Refused` before anything is parsed when it is not the platform's."""

    def __call__(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Check and read."""
        ...


class Translate(Protocol):
    """From a delivery to an event in our words; given by the composition, implemented by the connectors."""

    def __call__(self, topic: str, body: Mapping[str, Any], *, delivery: str, received_at: datetime) -> Event:
        """The event told.

        Raises:
            NotFound: The topic is not understood (`topic.unknown`), or the location is not known (`location.unknown`).
            Refused: The body is not what the platform's documentation promises (`payload.malformed`).
        """
        ...


def signed(body: bytes, signature: bytes, secrets: Sequence[str]) -> None:
    """Check an HMAC-SHA256 over the raw bytes under any secret in use; all are tried, in constant time.

    Raises:
        Refused: It was made under none of them.
    """
    matches = [hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256"), signature) for secret in secrets]
    if not any(matches):
        raise Refused(
            "The signature does not match.",
            code="signature.wrong",
            hint="Check that the webhook secret here is the platform app's own.",
        )
