"""The retailer's locations: our id, and the platform's name for each."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from knowledge.store.connection import Connection
from knowledge.store.tables import location
from policies.errors import Misconfigured, NotFound
from policies.vocabulary.ids import LocationId

ONLINE = "online"
WAREHOUSE = "warehouse"
SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Place:
    """One location.

    Attributes:
        platform_id: Shopify's numeric location id, or Lightspeed's outlet uuid.
        kind: warehouse, shop or online.
        country: Two letters, of phone numbers told there without a country code; "" for the chain's.
        stock_location: Whose shelves it sells from: itself, but for the online shop.
    """

    id: LocationId
    name: str
    platform: str
    platform_id: str
    kind: str
    region: str
    timezone: str
    stock_location: LocationId
    country: str = ""


class Places:
    """All locations, looked up by either name."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._by_id = {place.id: place for place in places}
        # the online shop shares its platform id with the place it sells from, and holds no stock of its own
        self._by_platform = {
            (place.platform, place.platform_id): place for place in self._by_id.values() if place.kind != ONLINE
        }

    @classmethod
    async def load(cls, connection: Connection) -> "Places":
        """From the store."""
        rows = await connection.execute(select(location).order_by(location.c.id))
        return cls(Place(**row) for row in rows.mappings())  # type: ignore[arg-type]

    def get(self, name: LocationId | str) -> Place:
        """The location of this id.

        Raises:
            NotFound: There is none.
        """
        place = self._by_id.get(LocationId(name))
        if place is None:
            raise NotFound(
                "This location is not known here.",
                code="location.unknown",
                hint="Check its code, or have the operator add it to locations.toml.",
                field="store_id",
            )
        return place

    def by_platform(self, platform: str, platform_id: str) -> Place | None:
        """The location a platform calls so; never the online shop."""
        return self._by_platform.get((platform, platform_id))

    def on(self, platform: str) -> list[Place]:
        """A platform's locations."""
        return [place for place in self if place.platform == platform]

    def online(self, platform: str) -> Place | None:
        """A platform's online shop."""
        return next((place for place in self.on(platform) if place.kind == ONLINE), None)

    def __iter__(self) -> Iterator[Place]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)


def read_locations(file: Path) -> list[Place]:
    """The operator's `locations.toml`: one `[[location]]` table each; `stock_location` defaults to the location itself.

    Raises:
        Misconfigured: The file is missing, does not parse, or a table lacks a key.
    """
    hint = "server/README.md shows an example."
    try:
        tables: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["location"]
        return [Place(**{"stock_location": table["id"], **table}) for table in tables]
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read.", code="locations.missing", hint=hint) from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Place))
        raise Misconfigured(
            f"{file} needs [[location]] tables with: {names}.", code="locations.malformed", hint=hint
        ) from error


async def save_locations(connection: Connection, places: Iterable[Place]) -> None:
    """Make the store's locations these; a location is never deleted, for old orders name it."""
    for place in places:
        values = asdict(place)
        await connection.execute(
            insert(location).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
        )
