"""New keys for old: every customer's key under a new key of the chain, every match key under a new secret.

It may be stopped anywhere and run again. What is under an old key stays readable until nothing is; then the old key is
destroyed, and with it whatever a backup holds under it.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.session import Database
from knowledge.vault.key_file import RELOAD_EVERY
from knowledge.vault.sealing import sealed_under
from knowledge.vault.vault import Record, Vault

_AT_ONCE: Final = 500
_SUBJECTS = text(
    "SELECT ref, wrapped, sealed FROM vault_subject WHERE ref > :after ORDER BY ref LIMIT :most FOR UPDATE"
)
_WRAPPED = text(
    """
    UPDATE vault_subject SET wrapped = decode(told.wrapped, 'base64')
    FROM unnest(CAST(:refs AS text[]), CAST(:wrapped AS text[])) AS told(ref, wrapped)
    WHERE vault_subject.ref = told.ref
    """
)
_REQUESTS = text("SELECT id, subject FROM privacy_request WHERE subject IS NOT NULL FOR UPDATE")
_REQUEST = text("UPDATE privacy_request SET subject = decode(:subject, 'base64') WHERE id = :id")
_ARRIVALS = text("SELECT event_id, sealed FROM vault_arrival FOR UPDATE")
_ARRIVAL = text("UPDATE vault_arrival SET sealed = decode(:sealed, 'base64') WHERE event_id = :id")
_KEYED = text(
    """
    INSERT INTO match_key (kind, digest, ref)
    SELECT told.kind, told.digest, told.ref
    FROM unnest(CAST(:kinds AS text[]), CAST(:digests AS text[]), CAST(:refs AS text[])) AS told(kind, digest, ref)
    JOIN customer ON customer.ref = told.ref
    ORDER BY told.kind, told.digest
    ON CONFLICT (kind, digest) DO NOTHING
    """
)
# an old digest has done its service once the same customer has one of the same kind under the present secret
_KNOWN_ANEW: Final = """
    match_key.digest NOT LIKE :present AND EXISTS (
        SELECT 1 FROM match_key AS anew
        WHERE anew.ref = match_key.ref AND anew.kind = match_key.kind AND anew.digest LIKE :present)
"""
_UNSEEN = text(f"SELECT count(*) FROM match_key WHERE digest NOT LIKE :present AND NOT ({_KNOWN_ANEW})")  # noqa: S608
_RETIRE = text("DELETE FROM match_key WHERE digest NOT LIKE :present")


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to.

    Attributes:
        records: Customers whose key is wrapped anew.
        unseen: Match keys still under an old secret, because nobody kept what they were made of; 0: it is destroyed.
        chain_destroyed: Old keys of the chain that are gone.
        closed: Erasures that no backup can undo any more.
    """

    records: int
    unseen: int
    chain_destroyed: int
    closed: int = 0


class Rotation:
    """Rotates both groups of keys."""

    def __init__(self, database: Database, vault: Vault, now: Callable[[], datetime]) -> None:
        self._database = database
        self._vault = vault
        self._now = now

    async def run(self, *, retire: bool) -> Rotated:
        """Rotate, or go on with a rotation that was stopped.

        Args:
            retire: Also give up match keys that could not be made anew; those customers are new at their next visit.
        """
        keys = self._vault.keys
        keys.begin("chain")
        present = keys.begin("match")
        records = await self._rewrap()
        # other processes may seal under the old key until they have looked at the file again
        await asyncio.sleep(RELOAD_EVERY * 1.5)
        await self._rewrap()
        destroyed = keys.destroy_old("chain")
        unseen = await self._unseen(f"{present}.%")
        if retire or not unseen:
            async with self._database.transaction() as connection:
                await connection.execute(_RETIRE, {"present": f"{present}.%"})
            keys.destroy_old("match")
            unseen = 0
        return Rotated(records, unseen, destroyed)

    async def _rewrap(self) -> int:
        changed, after = 0, ""
        while True:
            async with self._database.transaction() as connection:
                rows = (await connection.execute(_SUBJECTS, {"after": after, "most": _AT_ONCE})).all()
                records = [record for row in rows if (record := self._vault.open(row)) is not None]
                changed += await self._wrap(connection, rows, {record.ref: record for record in records})
                await self._key_anew(connection, records)
            if len(rows) < _AT_ONCE:
                break
            after = rows[-1].ref
        await self._reseal()
        return changed

    async def _wrap(self, connection: Connection, rows: Any, records: dict[Any, Record]) -> int:
        present = next(iter(self._vault.keys.chain()))
        old = [row for row in rows if row.ref in records and sealed_under(bytes(row.wrapped)) != present]
        wrapped = [b64encode(self._vault.wrap(records[row.ref].key, row.ref)).decode() for row in old]
        if old:
            await connection.execute(_WRAPPED, {"refs": [row.ref for row in old], "wrapped": wrapped})
        return len(old)

    async def _key_anew(self, connection: Connection, records: list[Record]) -> None:
        told = sorted(
            (key.kind, key.digest, record.ref)
            for record in records
            for each in record.person.identifiers()
            for key in self._vault.readings(*each)[:1]
        )
        if told:
            kinds, digests, refs = zip(*told, strict=True)
            values = {"kinds": list(kinds), "digests": list(digests), "refs": list(refs)}
            await connection.execute(_KEYED, values)

    async def _reseal(self) -> None:
        """Open requests and what waits beside events: few at any time."""
        vault, present = self._vault, next(iter(self._vault.keys.chain()))
        async with self._database.transaction() as connection:
            for row in (await connection.execute(_REQUESTS, {})).all():
                if sealed_under(bytes(row.subject)) != present:
                    person = vault.open_subject(bytes(row.subject), row.id)
                    told = b64encode(vault.seal_subject(person, row.id)).decode()
                    await connection.execute(_REQUEST, {"id": row.id, "subject": told})
            for row in (await connection.execute(_ARRIVALS, {})).all():
                if sealed_under(bytes(row.sealed)) != present and (person := vault.open_arrival(bytes(row.sealed))):
                    told = b64encode(vault.seal_arrival(person)).decode()
                    await connection.execute(_ARRIVAL, {"id": row.event_id, "sealed": told})

    async def _unseen(self, present: str) -> int:
        async with self._database.reading() as connection:
            return int((await connection.execute(_UNSEEN, {"present": present})).scalar_one())
