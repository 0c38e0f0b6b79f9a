"""Where customers are reached: out of the vault at the moment of sending, to whoever sends and to nobody else."""

from typing import Final

from pydantic import SecretStr
from sqlalchemy import text

from knowledge.identity.consent import CHANNELS
from knowledge.identity.links import members
from knowledge.identity.normal import Kind
from knowledge.store.session import Database
from knowledge.vault.vault import Vault
from policies.actions.message import Channel
from policies.errors import Refused
from policies.vocabulary.ids import CustomerRef

_AGREED: Final = {
    channel: text(
        f"""
        SELECT ref FROM customer WHERE ref = ANY(CAST(:refs AS text[])) ORDER BY consent_{channel} DESC,
            CASE WHEN consent_{channel} THEN consent_{channel}_at END DESC NULLS LAST, ref = :ref DESC, ref
        """  # noqa: S608  # our own names
    )
    for channel in CHANNELS
}


class VaultAddresses:
    """`tools.platform.Addresses` over the vault. The ledger's record of the message says to whom it went.

    A person of several records is written to where they agreed to it: at the address of the record of which that was
    told last, and of those alike the one they go by.

    Args:
        database: Where the vault's sealed records are.
        vault: Opens them.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def of(self, customer: CustomerRef, channel: Channel) -> SecretStr:  # noqa: D102  # the protocol says it
        async with self._database.reading() as connection:
            refs = await members(connection, customer)
            records = await self._vault.read(connection, refs)
            agreed = (await connection.execute(_AGREED[channel], {"refs": refs, "ref": customer})).scalars().all()
        kind: Kind = "phone" if channel == "sms" else "email"
        told = next((found for ref in agreed if ref in records and (found := records[ref].person.get(kind))), ())
        if not told:
            raise Refused(
                "No address of this customer is kept here for this channel, so nothing can be sent to them.",
                code="address.unknown",
                hint="It is learned when a platform next tells of the customer with one.",
                field="customer",
            )
        return SecretStr(told[0])  # the newest
