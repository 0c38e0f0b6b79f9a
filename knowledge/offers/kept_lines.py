"""Lines written and checked before anybody stands at a till, each good for one product as it was, and for a while.

A line is text with a place for the percentage, and of nobody: it is kept by kind of buyer, product and reason.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import text

from knowledge.store.session import Database

KEEP: Final = timedelta(days=14)  # a season's words do not outlive it
ASK_AGAIN: Final = timedelta(days=3)  # after which a model that wrote nothing fit to be shown is asked once more

_FIND: Final = """
    SELECT kept.kind, kept.sku, kept.reason, kept.text, kept.refused
    FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS asked(kind text, sku text, reason text, version text)
    JOIN kept_line AS kept ON kept.kind = asked.kind AND kept.sku = asked.sku AND kept.reason = asked.reason
    WHERE kept.version = asked.version AND kept.model = $2 AND kept.expires_at > CAST($3 AS timestamptz)
"""
_KEEP: Final = text(
    """
    INSERT INTO kept_line (kind, sku, reason, version, model, text, refused, written_at, expires_at)
    VALUES (:kind, :sku, :reason, :version, :model, :text, :refused, :at, :until)
    ON CONFLICT (kind, sku, reason) DO UPDATE SET version = excluded.version, model = excluded.model,
        text = excluded.text, refused = excluded.refused, written_at = excluded.written_at,
        expires_at = excluded.expires_at
    """
)
_FORGET: Final = text("DELETE FROM kept_line WHERE expires_at <= :now")
_COUNT: Final = """
    SELECT count(*) FILTER (WHERE refused = '') AS kept, count(*) FILTER (WHERE refused <> '') AS refused
    FROM kept_line WHERE model = $1 AND expires_at > CAST($2 AS timestamptz)
"""


@dataclass(frozen=True, slots=True)
class LineKey:
    """What a line was written for.

    Attributes:
        kind: Of buyer, as `habit` tells it.
        reason: Why the product is offered.
        version: Of the product: its title and price; a line for another one is not used.
    """

    kind: str
    sku: str
    reason: str
    version: str


def version_of(title: str, price: int, currency: str) -> str:
    """The version of a product that words depend on, as a digest.

    Args:
        title: As words name it.
        price: Minor units, before any discount.
        currency: ISO 4217.
    """
    return sha256(f"{title}\0{price}\0{currency}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept under a key: a text, or why the model's was refused."""

    text: str
    refused: str


class KeptLines:
    """The kept lines of one store.

    Args:
        database: The unified store.
        now: The present: an expired line is not found.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def find(self, keys: Iterable[LineKey], *, model: str) -> dict[LineKey, Found]:
        """What is kept for these keys, by this model with its present prompt, and has not expired.

        Args:
            keys: What lines are asked for.
            model: Name and prompt, as `Prompt.label` writes them.

        Raises:
            Unavailable: The database does not answer.
        """
        asked = {(key.kind, key.sku, key.reason): key for key in keys}
        told = json.dumps([asdict(key) for key in asked.values()])
        rows = await self._database.quick.rows(_FIND, told, model, self._now().isoformat())
        return {asked[row["kind"], row["sku"], row["reason"]]: Found(row["text"], row["refused"]) for row in rows}

    async def keep(self, key: LineKey, found: Found, *, model: str) -> None:
        """Keep what was written for a key, in the place of what was kept before."""
        now = self._now()
        until = now + (ASK_AGAIN if found.refused else KEEP)
        row = {**asdict(key), "model": model, "text": found.text, "refused": found.refused, "at": now, "until": until}
        async with self._database.transaction() as connection:
            await connection.execute(_KEEP, row)

    async def forget_expired(self) -> int:
        """Delete what is no longer good; returns how many lines it was."""
        async with self._database.transaction() as connection:
            return (await connection.execute(_FORGET, {"now": self._now()})).rowcount

    async def count(self, *, model: str) -> tuple[int, int]:
        """How many lines of this model are kept, and for how many keys its line was refused."""
        rows = await self._database.quick.rows(_COUNT, model, self._now().isoformat())
        return rows[0]["kept"], rows[0]["refused"]
