"""What a platform told of one human being, as the vault keeps it: raw, and nowhere else."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from knowledge.identity.normal import KINDS, Kind
from knowledge.privacy.known import KnownPerson

NAME, ADDRESS, BIRTH = "name", "address", "birth"
_MOST: Final = 12  # values of one kind; who has more is not one person
_LONGEST: Final = 400  # characters of one value


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Raw values by kind, newest first: `name`, `address`, `birth`, and every kind of identifier in its normal form."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @classmethod
    def of(cls, told: Iterable[tuple[str, str | None]]) -> "Person":
        """From kinds and values; empty values are left out, equal ones told once."""
        found: dict[str, dict[str, None]] = {}
        for kind, value in told:
            text = " ".join((value or "").split())[:_LONGEST]
            if text:
                found.setdefault(kind, {})[text] = None
        return cls({kind: tuple(values) for kind, values in found.items()})

    @classmethod
    def read(cls, stored: bytes) -> "Person":
        """From `bytes(person)`."""
        return cls({kind: tuple(values) for kind, values in json.loads(stored).items()})

    def __bytes__(self) -> bytes:
        """As it is sealed."""
        return json.dumps(self.values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return any(self.values.values())

    def get(self, kind: str) -> tuple[str, ...]:
        """The values of one kind."""
        return self.values.get(kind, ())

    def identifiers(self) -> list[tuple[Kind, str]]:
        """Kind and normal form of everything a match key is made of."""
        return [(cast("Kind", kind), value) for kind in KINDS for value in self.get(kind)]

    def with_news(self, newer: "Person") -> "Person":
        """Both together, the newer one's values first; the oldest of too many are forgotten."""
        both = newer.joined(self)
        return Person({kind: values[:_MOST] for kind, values in both.values.items()})

    def joined(self, other: "Person") -> "Person":
        """Everything known of both."""
        kinds = sorted({*self.values, *other.values})
        return Person.of((kind, value) for kind in kinds for value in (*self.get(kind), *other.get(kind)))

    def without(self, gone: Iterable[tuple[str, str]]) -> "Person":
        """All but these identifiers; nobody at all when no identifier is left."""
        leaves = set(gone)
        left = Person(
            {
                kind: kept
                for kind, values in self.values.items()
                if (kept := tuple(value for value in values if (kind, value) not in leaves))
            }
        )
        return left if left.identifiers() or not leaves else Person()

    def known(self) -> KnownPerson:
        """As the scrubber looks for them."""
        return KnownPerson(
            names=self.get(NAME),
            emails=self.get("email"),
            phones=self.get("phone"),
            addresses=self.get(ADDRESS),
            loyalty_ids=self.get("loyalty"),
        )
