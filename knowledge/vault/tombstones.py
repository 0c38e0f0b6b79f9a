"""Who was erased, so that they are not taken in again: hashes under a key of their own, of no use for anything else.

Two are kept of each identifier: one of the identifier itself, which outlives every rotation, and one of its match key,
for what was hashed before it reached us.
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import text

from knowledge.events.families import KeyedHash
from knowledge.identity.match_key import fingerprint
from knowledge.store.connection import Connection

_ADD = text(
    "INSERT INTO tombstone (digest, at) SELECT unnest(CAST(:digests AS text[])), :at ON CONFLICT (digest) DO NOTHING"
)
_FOUND = text("SELECT digest FROM tombstone WHERE digest = ANY(CAST(:digests AS text[]))")


class Tombstones:
    """Makes and finds them under the erasure key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of_identifier(self, kind: str, normal: str) -> str:
        """Of a raw identifier in its normal form."""
        return self._digest(f"raw\0{kind}\0{fingerprint(normal)}")

    def of_key(self, key: KeyedHash) -> str:
        """Of a match key."""
        return self._digest(f"key\0{key.kind}\0{key.digest}")

    def _digest(self, said: str) -> str:
        return hmac.digest(self._key, said.encode(), "sha256").hex()


async def add_tombstones(connection: Connection, digests: Iterable[str], at: datetime) -> int:
    """Keep these; returns how many are new."""
    told = sorted(set(digests))
    return (await connection.execute(_ADD, {"digests": told, "at": at})).rowcount if told else 0


async def find_tombstones(connection: Connection, digests: Sequence[str]) -> frozenset[str]:
    """Those of these that are kept."""
    if not digests:
        return frozenset()
    return frozenset((await connection.execute(_FOUND, {"digests": sorted(set(digests))})).scalars())
