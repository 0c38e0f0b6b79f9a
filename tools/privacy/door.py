"""The one door to a customer's raw data: for people who serve them, each reading on record before it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.privacy.known import KnownPerson
from knowledge.store.session import Database, utc_now
from knowledge.vault.vault import Vault
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import CustomerRef
from tools.audit.entry import Entry
from tools.audit.ledger import append

_READERS: Final = frozenset({Role.OPERATOR, Role.MANAGER})


@dataclass(frozen=True, slots=True)
class VaultDoor:
    """Reads the vault for somebody."""

    database: Database
    vault: Vault
    now: Callable[[], datetime] = utc_now

    async def read(self, actor: Actor, ref: CustomerRef, *, purpose: str) -> KnownPerson:
        """A customer by name.

        Args:
            actor: A person, never a model.
            ref: The customer.
            purpose: Why, as a word of ours: it is kept.

        Raises:
            Refused: The actor may not (`access.role`); the attempt is on record.
            NotFound: The vault holds nothing of this customer.
        """
        at = self.now()
        allowed = entitled(actor)
        async with self.database.transaction() as connection:
            found = (await self.vault.read(connection, [ref])).get(ref) if allowed else None
            said = "read" if found else "unknown" if allowed else "refused"
            body = {"by": actor.id, "customer": ref, "purpose": purpose, "step": said}
            await append(connection, [Entry("privacy", at, body)])
        if not allowed:
            raise Refused(
                "Raw data of customers is not shown to this role.",
                code="access.role",
                hint="A manager or the operator may look, and no model ever.",
            )
        if found is None:
            raise NotFound("Nothing is kept of this customer by name.", code="customer.unknown", field="customer")
        return found.person.known()


def entitled(actor: Actor) -> bool:
    """Whether this actor may see customers by name."""
    return actor.role in _READERS and not actor.model
