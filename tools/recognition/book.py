"""Where links that were decided are written down: once per action, on record, and in force from then on."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.identity.graph import Basis
from knowledge.identity.links import LINKER, alone, members, said, settle, tell
from knowledge.store.session import Database, utc_now
from policies.actions.profile_link import ProfileLink
from policies.errors import NotFound, Refused
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.platform import Receipt, WriteContext

_KNOWN: Final = text("SELECT count(*) FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")
_ANSWERED: Final = text("SELECT decided_by FROM approval WHERE id = :id AND state = 'approved'")


@dataclass(frozen=True, slots=True)
class LinkBook:
    """`tools.platform.Links` over the unified store."""

    database: Database
    now: Callable[[], datetime] = utc_now

    async def say(self, link: ProfileLink, context: WriteContext) -> Receipt:
        """Write down that two customers are one person, or are not; said again, nothing is added.

        It is the word of the person who approved it, else of whoever asked.

        Raises:
            NotFound: One of them is known no more.
            Refused: Two who were taken apart would meet by it.
        """
        at = self.now()
        async with self.database.transaction() as connection:
            await alone(connection)
            if (await connection.execute(_KNOWN, {"refs": [link.one, link.other]})).scalar_one() < 2:  # noqa: PLR2004
                raise NotFound("One of these customers is not known any more.", code="customer.unknown")
            answered = await connection.execute(_ANSWERED, {"id": context.approval or ""})
            by = answered.scalar_one_or_none() or context.actor
            basis = Basis.PROBABLE if by == LINKER else Basis.PERSON
            added = await tell(connection, [said(link.one, link.other, link.says, basis, by=by, at=at)])
            await settle(connection)
            if link.says == "link" and link.other not in await members(connection, link.one):
                raise Refused("Somebody took apart two of the customers who would meet by this.", code="identity.apart")
            if added:
                body = {"by": by, "customers": sorted((link.one, link.other)), "step": link.says}
                await append(connection, [Entry("link", at, body, context.action, context.trace)])
        digest = hashlib.sha256(f"{context.key} {link.says}".encode()).hexdigest()
        return Receipt("tillhand", context.action, at, not added, "profile_link", f"TELL {link.says}", digest)
