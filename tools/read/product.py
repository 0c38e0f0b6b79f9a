"""search_products: variants that fit some words, and can be had where they are wanted."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from knowledge.catalog.finder import CatalogFinder
from knowledge.store.places import ONLINE, SHOP, Places
from policies.actions.action import Effect
from policies.errors import Refused
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import LocationId
from tools.outside import OutsideText
from tools.read.amount import Amount
from tools.read.fields import Cursor, OptionalIdentifier, SearchText
from tools.read.page import next_page, page_start
from tools.read.place import known
from tools.tool import Answer, Arguments, Call, Tool


class SearchProducts(Arguments):
    """Words, and where the goods should be counted; with `stock`, only goods that can be had so."""

    text: SearchText
    location_id: OptionalIdentifier = ""
    stock: Literal["any", "here", "nearby", "online"] = "any"
    limit: Annotated[int, Field(ge=1, le=25)] = 10
    cursor: Cursor = ""

    def location(self) -> LocationId | None:
        """The one location asked about."""
        return LocationId(self.location_id) if self.location_id else None


class Product(Answer):
    """One variant; `available` only when a location was named."""

    sku: str
    title: OutsideText
    vendor: OutsideText
    category: OutsideText
    price: Amount
    available: int | None
    as_of: datetime


class Reading(Answer):
    """A word nobody uses here, and what it was taken for."""

    said: OutsideText
    read: OutsideText


class Products(Answer):
    """Best match first; none when nothing fits. `sureness` of the best: 0 to 1. `as_of` is the oldest or `null`."""

    products: tuple[Product, ...]
    sureness: float
    read_as: tuple[Reading, ...]
    as_of: datetime | None
    truncated: bool
    next_cursor: str


def product_tool(finder: CatalogFinder, places: Places) -> Tool:
    """The tool over the catalog."""

    async def find(call: Call, asked: SearchProducts) -> Products:
        location = known(places, asked.location_id) if asked.location_id else None
        start = page_start(asked.cursor)
        end = start + asked.limit
        findings = await finder.find(asked.text, location, end + 1, shelves(places, call.actor, asked.stock, location))
        found = findings.found
        page = found[start:end]
        more = len(found) > end
        return Products(
            products=tuple(
                Product(
                    sku=each.sku,
                    title=each.title,
                    vendor=each.vendor,
                    category=each.category,
                    price=Amount.of(each.price),
                    available=each.available,
                    as_of=each.as_of,
                )
                for each in page
            ),
            sureness=round(findings.sureness, 2),
            read_as=tuple(Reading(said=said, read=read) for said, read in findings.corrected),
            as_of=min((each.as_of for each in page), default=None),
            truncated=more,
            next_cursor=next_page(end) if more else "",
        )

    return Tool(
        name="search_products",
        toolset="shop",
        title="Search products",
        description="Find variants by words such as 'blue slim jeans', by sku or barcode, with price; name a location "
        "to see what it has; stock keeps what can be had here, nearby or online.",
        effect=Effect.READ,
        arguments=SearchProducts,
        answer=Products,
        run=find,
    )


def shelves(
    places: Places, actor: Actor, stock: Literal["any", "here", "nearby", "online"], location: LocationId | None
) -> list[LocationId] | None:
    """The shelves that goods must stand on; `None` for anywhere or nowhere.

    Nearby is the same region, as far as the caller may look.

    Raises:
        Refused: Here and nearby need a location.
    """
    if stock == "any":
        return None
    if stock == "online":
        return sorted({place.stock_location for place in places if place.kind == ONLINE})
    if location is None:
        raise Refused(
            "Name the location that goods should be had at or near.", code="location.needed", field="location_id"
        )
    here = places.get(location)
    if stock == "here":
        return [here.stock_location]
    near = [place for place in places if place.region == here.region and place.kind == SHOP]
    return sorted({place.stock_location for place in near if actor.covers(place.id)} | {here.stock_location})
