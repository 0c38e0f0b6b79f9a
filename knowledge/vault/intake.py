"""What stands at every edge: identifiers become match keys, and what was told of a customer is sealed, in one place."""

from collections.abc import Iterable

from knowledge.identity.match_key import MatchKeys
from knowledge.vault.key_file import KeyFile
from knowledge.vault.person import Person
from knowledge.vault.vault import seal_arrival


class Intake(MatchKeys):
    """Match keys under the secrets of a key file, and sealing under its chain; needs no database."""

    def __init__(self, keys: KeyFile, *, country: str, strict: bool = False) -> None:
        super().__init__(keys.match, country=country, strict=strict)
        self._keys = keys

    def seal(self, told: Iterable[tuple[str, str | None]]) -> bytes:
        """What was told of a customer, sealed to travel with its event; b"" when nothing was.

        Args:
            told: Kinds and values: `name` and `address` as they are, identifiers in their normal form.
        """
        return seal_arrival(self._keys, Person.of(told))
