"""The office links go through when a person has a say: confirmed or taken apart, on record, and never lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from knowledge.identity.graph import Basis
from knowledge.identity.links import Says, Told, alone, history, members, newest, said, settle, tell
from knowledge.store.connection import Connection
from knowledge.store.session import Database, utc_now
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import CustomerRef
from tools.audit.entry import Entry
from tools.audit.ledger import append

_MAY: Final = frozenset({Role.OPERATOR, Role.MANAGER})
_KNOWN: Final = text("SELECT ref FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")


@dataclass(frozen=True, slots=True)
class LinkOffice:
    """Shows links, and takes what people say of them."""

    database: Database
    now: Callable[[], datetime] = utc_now

    async def standing(self, actor: Actor, *, says: Says) -> list[Told]:
        """What holds: links, questions that wait for a person, or pairs kept apart; the newest first.

        Raises:
            Refused: The actor is no manager or operator.
        """
        _may(actor)
        async with self.database.reading() as connection:
            held = await newest(connection)
        return sorted((each for each in held.values() if each.says == says), key=lambda each: each.at, reverse=True)

    async def history(self, actor: Actor, customer: str) -> tuple[list[CustomerRef], list[Told]]:
        """All customers that are this person, and everything ever said of their links, oldest first.

        Raises:
            Refused: The actor is no manager or operator.
            NotFound: No such customer.
        """
        _may(actor)
        async with self.database.reading() as connection:
            await _known(connection, [customer])
            together = await members(connection, CustomerRef(customer))
            return together, await history(connection, CustomerRef(customer))

    async def confirm(self, actor: Actor, one: str, other: str) -> Sequence[CustomerRef]:
        """Two customers are one person, and stay so whatever figures say; returns everybody that person is.

        Raises:
            Refused: The actor is no manager or operator; or both are the same customer; or a person took apart two
                of those who would meet.
            NotFound: No such customer.
        """
        return await self._say(actor, one, other, "link")

    async def unlink(self, actor: Actor, one: str, other: str) -> Sequence[CustomerRef]:
        """Two customers are not one person; no evidence ever links them again, only a person.

        Returns:
            Everybody the first of them still is.

        Raises:
            Refused: The actor is no manager or operator; or both are the same customer.
            NotFound: No such customer.
        """
        return await self._say(actor, one, other, "apart")

    async def _say(self, actor: Actor, one: str, other: str, says: Says) -> list[CustomerRef]:
        _may(actor)
        if one == other:
            raise Refused("This is one customer, not two.", code="identity.same", field="other")
        at = self.now()
        async with self.database.transaction() as connection:
            await _known(connection, [one, other])
            await alone(connection)
            added = await tell(connection, [said(one, other, says, Basis.PERSON, by=actor.id, at=at)])
            await settle(connection)
            together = await members(connection, CustomerRef(one))
            if says == "link" and other not in together:
                raise Refused(
                    "Somebody took apart two of the customers who would meet by this.",
                    code="identity.apart",
                    hint="Look at `tillhand identity links apart`, and confirm that pair first if it was a mistake.",
                )
            if added:
                body = {"by": actor.id, "customers": sorted((one, other)), "step": says}
                await append(connection, [Entry("link", at, body)])
            return together


async def _known(connection: Connection, refs: Sequence[str]) -> None:
    found = set((await connection.execute(_KNOWN, {"refs": list(refs)})).scalars())
    if not found >= {*refs}:
        raise NotFound(
            "No customer has this reference.",
            code="customer.unknown",
            hint="References look like c_0123456789abcdef0123, as find_customer tells them.",
            field="customer",
        )


def _may(actor: Actor) -> None:
    if actor.model or actor.role not in _MAY:
        raise Refused(
            "Only a manager or the operator says who is one person, and never a model.",
            code="access.role",
            hint="Ask a manager to look at the two customers.",
        )
