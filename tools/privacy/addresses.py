"""Where customers are reached: out of the vault at the moment of sending, to whoever sends and to nobody else."""

from pydantic import SecretStr

from knowledge.store.session import Database
from knowledge.vault.vault import Vault
from policies.actions.message import Channel
from policies.errors import Refused
from policies.vocabulary.ids import CustomerRef


class VaultAddresses:
    """`tools.platform.Addresses` over the vault. The ledger's record of the message says to whom it went.

    Args:
        database: Where the vault's sealed records are.
        vault: Opens them.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def of(self, customer: CustomerRef, channel: Channel) -> SecretStr:  # noqa: D102  # the protocol says it
        async with self._database.reading() as connection:
            record = (await self._vault.read(connection, [customer])).get(customer)
        told = record.person.get("phone" if channel == "sms" else "email") if record else ()
        if not told:
            raise Refused(
                "No address of this customer is kept here for this channel, so nothing can be sent to them.",
                code="address.unknown",
                hint="It is learned when a platform next tells of the customer with one.",
                field="customer",
            )
        return SecretStr(told[0])  # the newest
