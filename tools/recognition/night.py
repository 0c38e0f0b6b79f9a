"""The night's recognition: customers compared in the vault, and what is not certain put before people."""

from dataclasses import dataclass

from knowledge.vault.linking import Compared, Linking
from tools.recognition.office import LinkOffice


@dataclass(frozen=True, slots=True)
class NightlyLinking:
    """What the clock runs; `asked` of its answer counts pairs, of which each is put before a person once."""

    linking: Linking
    office: LinkOffice

    async def run(self) -> Compared:
        """Compare, then ask."""
        done = await self.linking.run()
        await self.office.ask_people()
        return done
