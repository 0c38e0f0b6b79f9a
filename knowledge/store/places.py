"""The retailer's locations: our id, and the platform's name for each."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
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
MIRROR = "mirror"
NOWHERE = LocationId("")


@dataclass(frozen=True, slots=True)
class Place:
    """One location.

    Attributes:
        platform_id: Shopify's numeric location id, or Lightspeed's outlet uuid.
        kind: warehouse, shop, online, or mirror: another platform's count of the goods of a warehouse or shop.
        country: Two letters, of phone numbers told there without a country code; "" for the chain's.
        stock_location: Whose shelves it sells from: itself, but for the online shop.
        mirrors: The location of another platform whose goods this one counts too; "" for none.
        buffer: Of each variant, units a mirror is never told of; `buffers` by category, where it differs.
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
    mirrors: LocationId = NOWHERE
    buffer: int = 0
    buffers: Mapping[str, int] = field(default_factory=dict[str, int], hash=False)


class Places:
    """All locations, looked up by either name."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._by_id = {place.id: place for place in places}
        # the online shop shares its platform id with the place it sells from, and holds no stock of its own
        self._by_platform = {
            (place.platform, place.platform_id): place for place in self._by_id.values() if place.kind != ONLINE
        }
        self._mirrors = {place.mirrors: place for place in self._by_id.values() if place.mirrors}

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

    def shelves(self, platform: str) -> list[Place]:
        """A platform's locations that have shelves of their own: no online shop, and no mirror of others' shelves."""
        return [place for place in self.on(platform) if place.kind not in {ONLINE, MIRROR}]

    def shelf(self, name: LocationId | str) -> Place:
        """Where the goods lie that a location sells: followed from an online shop, and from a mirror to its original.

        Raises:
            NotFound: There is no such location.
        """
        place = self.get(self.get(name).stock_location)
        return self.get(place.mirrors) if place.mirrors else place

    def mirror(self, shelf: LocationId | str) -> Place | None:
        """The location that counts a shelf's goods on another platform too, if there is one."""
        return self._mirrors.get(LocationId(shelf))

    def shared(self) -> list[tuple[Place, Place]]:
        """Every shelf that two platforms count, with its mirror."""
        return [(self.get(mirror.mirrors), mirror) for mirror in self._mirrors.values()]

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
        places = [Place(**{"stock_location": table["id"], **table}) for table in tables]
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read.", code="locations.missing", hint=hint) from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        names = ", ".join(each.name for each in fields(Place))
        raise Misconfigured(
            f"{file} needs [[location]] tables with: {names}.", code="locations.malformed", hint=hint
        ) from error
    _check_mirrors(places, file, hint)
    return places


def _check_mirrors(places: list[Place], file: Path, hint: str) -> None:
    """Refuse mirrors that cannot be: of nothing, of themselves, of a mirror, twice, or on the shelf's own platform."""
    known = {place.id: place for place in places}
    seen = set[LocationId]()
    for place in places:
        shelf = known.get(place.mirrors)
        wrong = ""
        if place.mirrors and (shelf is None or shelf.mirrors or ONLINE in {shelf.kind, place.kind}):
            wrong = f"mirrors {place.mirrors}, which is no location with goods of its own"
        elif (place.kind == MIRROR) != bool(place.mirrors):
            wrong = 'is of kind "mirror" when it names what it mirrors, and only then'
        elif shelf is not None and shelf.platform == place.platform:
            wrong = f"mirrors {shelf.id}, which is on the same platform"
        elif place.mirrors in seen:
            wrong = f"mirrors {place.mirrors}, which has a mirror already"
        elif min([place.buffer, *place.buffers.values()]) < 0 or ((place.buffer or place.buffers) and not shelf):
            wrong = "needs a buffer of 0 or more, and only where it mirrors another location"
        if wrong:
            raise Misconfigured(f"{file}: {place.id} {wrong}.", code="locations.mirror", hint=hint)
        if shelf is not None:
            seen.add(shelf.id)


async def save_locations(connection: Connection, places: Iterable[Place]) -> None:
    """Make the store's locations these; a location is never deleted, for old orders name it."""
    for place in places:
        values = asdict(place)
        await connection.execute(
            insert(location).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
        )
