"""Whether a person may be written to: the one rule over all their records, wherever it is asked.

Every record of theirs of which a platform ever told has a say, and one no is a no, however old: records that contradict
each other are not for us to read as a yes. A record nobody ever told of consent says nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.identity.links import WHO
from knowledge.store.connection import Connection
from policies.vocabulary.ids import CustomerRef

Channel = Literal["email", "sms"]
CHANNELS: Final[tuple[Channel, ...]] = ("email", "sms")


def _one(channel: Channel) -> str:
    yes, told = f"customer.consent_{channel}", f"customer.consent_{channel}_at"
    refused = f"coalesce(bool_or(NOT {yes} AND {told} IS NOT NULL), false)"
    return f"""bool_or({yes}) AND NOT {refused} AS {channel}, bool_or({yes}) AND {refused} AS {channel}_unclear,
               CASE WHEN {refused} THEN max({told}) FILTER (WHERE NOT {yes}) ELSE max({told}) FILTER (WHERE {yes}) END
                 AS {channel}_at"""


CONSENT: Final = f"""
    {WHO}, consent AS (
        SELECT who.ref, {", ".join(map(_one, CHANNELS))}
        FROM who JOIN customer ON customer.ref = who.customer GROUP BY who.ref
    )
"""  # noqa: S608  # our own texts
"""Common table expressions `who` and `consent` over a relation `asked` with `ref`: per channel whether they agreed,
when the telling that decides it came, and whether their records contradict each other."""

_OF = text(f"WITH asked AS (SELECT unnest(CAST(:refs AS text[])) AS ref), {CONSENT} SELECT * FROM consent")  # noqa: S608  # the same


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to over one channel.

    Attributes:
        told: When the telling that decides it came; `None` when no platform ever told.
        unclear: Their records contradict each other: the answer is no.
    """

    agreed: bool
    told: datetime | None
    unclear: bool


Consents = dict[Channel, Consent]


def consents_of(row: Any) -> Consents:
    """Both channels of a row of `consent`."""
    return {
        name: Consent(getattr(row, name), getattr(row, f"{name}_at"), getattr(row, f"{name}_unclear"))
        for name in CHANNELS
    }


async def consents(connection: Connection, refs: Iterable[CustomerRef]) -> dict[str, Consents]:
    """By customer, what the person they are agreed to; customers not known are absent."""
    rows = await connection.execute(_OF, {"refs": sorted(set(refs))})
    return {row.ref: consents_of(row) for row in rows}
