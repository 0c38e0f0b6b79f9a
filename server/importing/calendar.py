"""What a promotional calendar is held against: goods the store knows, and promotions that are planned already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from server.importing.cells import BadRow

_GOODS = text("SELECT sku, category FROM variant")
_PLANNED = text("SELECT * FROM promotion")
_SAME: Final = ("sku", "category", "location", "channel")
_Goods = tuple[str, ...]


@dataclass(slots=True)
class Calendar:
    """Known goods, and planned promotions by what they are of; those of the file are added as they are read."""

    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    planned: dict[_Goods, list[Mapping[str, Any]]] = field(default_factory=dict[_Goods, list[Mapping[str, Any]]])

    @classmethod
    async def read(cls, connection: Connection) -> "Calendar":
        """From the store."""
        goods = (await connection.execute(_GOODS)).all()
        found = cls(frozenset(row.sku for row in goods), frozenset(row.category for row in goods if row.category))
        for row in (await connection.execute(_PLANNED)).mappings():
            facts = {name: value for name, value in row.items() if name not in {"id", "location_id"}}
            found._add({**facts, "location": row["location_id"]})
        return found

    def enter(self, facts: Mapping[str, Any]) -> None:
        """Plan one more; the same one again changes nothing.

        Raises:
            BadRow: Its goods are not known, it ends before it begins, or they have another one on some of its days.
        """
        if facts["sku"] and facts["sku"] not in self.skus:
            raise BadRow("sku.unknown", "sku")
        if facts["category"] and facts["category"] not in self.categories:
            raise BadRow("category.unknown", "category")
        if facts["last_day"] < facts["first_day"]:
            raise BadRow("promotion.backwards", "last_day")
        for other in self.planned.get(_goods(facts), ()):
            if dict(other) == dict(facts):
                return
            if other["first_day"] <= facts["last_day"] and facts["first_day"] <= other["last_day"]:
                raise BadRow("promotion.double", "first_day")
        self._add(facts)

    def _add(self, facts: Mapping[str, Any]) -> None:
        self.planned.setdefault(_goods(facts), []).append(facts)


def _goods(facts: Mapping[str, Any]) -> _Goods:
    return tuple(str(facts[name]) for name in _SAME)
