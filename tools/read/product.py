"""search_products: variants that fit some words."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from knowledge.catalog.finder import CatalogFinder
from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.vocabulary.ids import LocationId
from tools.outside import OutsideText
from tools.read.amount import Amount
from tools.read.fields import Cursor, OptionalIdentifier, SearchText
from tools.read.page import next_page, page_start
from tools.read.place import known
from tools.tool import Answer, Arguments, Call, Tool


class SearchProducts(Arguments):
    """Words, and where the goods should be counted."""

    text: SearchText
    location_id: OptionalIdentifier = ""
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


class Products(Answer):
    """Best match first. `as_of` is the oldest; `null` when nothing fits."""

    products: tuple[Product, ...]
    as_of: datetime | None
    truncated: bool
    next_cursor: str


def product_tool(finder: CatalogFinder, places: Places) -> Tool:
    """The tool over the catalog."""

    async def find(call: Call, asked: SearchProducts) -> Products:  # noqa: ARG001  # the catalog is the same for all
        location = known(places, asked.location_id) if asked.location_id else None
        start = page_start(asked.cursor)
        end = start + asked.limit
        found = await finder.find(asked.text, location, end + 1)
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
            as_of=min((each.as_of for each in page), default=None),
            truncated=more,
            next_cursor=next_page(end) if more else "",
        )

    return Tool(
        name="search_products",
        toolset="shop",
        title="Search products",
        description="Find variants by words such as 'blue slim jeans' or by sku, with price; name a location to see "
        "what it has.",
        effect=Effect.READ,
        arguments=SearchProducts,
        answer=Products,
        run=find,
    )
