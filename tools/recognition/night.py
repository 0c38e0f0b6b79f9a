"""The night's recognition: customers compared in the vault, what is certain linked by the guard, the rest asked."""

from dataclasses import dataclass, replace

from sqlalchemy import text

from knowledge.vault.linking import Compared, Linking
from tools.recognition.office import LinkOffice

_PEOPLE = text("SELECT count(*) FROM customer_identity")


@dataclass(frozen=True, slots=True)
class NightlyLinking:
    """What the clock runs; `asked` of its answer counts pairs, of which each is put before a person once."""

    linking: Linking
    office: LinkOffice

    async def run(self) -> Compared:
        """Compare, link, then ask; `linked` of its answer counts what came into force this night."""
        done = await self.linking.run()
        linked = await self.office.join_certain()
        await self.office.ask_people()
        async with self.office.database.reading() as connection:
            people = (await connection.execute(_PEOPLE)).scalar_one()
        return replace(done, linked=linked, people=people)
