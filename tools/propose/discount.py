"""propose_discount: money off some goods of one transaction, priced by our own catalog."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import text

from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.actions.discount import Discount
from policies.errors import NotFound
from policies.limits import PlaceLimits
from policies.vocabulary.ids import CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Decided
from tools.propose.naming import code_for
from tools.propose.prices import prices
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier, OptionalIdentifier, SkuText
from tools.read.place import known
from tools.tool import Call, Tool

_CUSTOMER = text("SELECT 1 FROM customer WHERE ref = :ref")


class ProposeDiscount(WriteArguments):
    """Off one unit of each sku; `customer` as find_customer names them."""

    location_id: Identifier
    transaction: Identifier
    skus: Annotated[list[SkuText], Field(min_length=1, max_length=50)]
    percent: Annotated[int, Field(ge=1, le=100)]
    customer: OptionalIdentifier = ""

    def location(self) -> LocationId:
        """Where the code may be used."""
        return LocationId(self.location_id)


def discount_tool(asking: Asking, places: Places, limits: Callable[[str, LocationId], PlaceLimits]) -> Tool:
    """The tool; `limits` are those of a region and location."""

    async def run(call: Call, asked: ProposeDiscount) -> Decided:
        async def draft() -> Draft:
            place = places.get(known(places, asked.location_id))
            skus = sorted(set(asked.skus))
            async with asking.database.reading() as connection:
                priced = await prices(connection, skus, "skus")
                if asked.customer:
                    found = await connection.execute(_CUSTOMER, {"ref": asked.customer})
                    if found.one_or_none() is None:
                        raise NotFound("This customer is not known.", code="customer.unknown", field="customer")
            base = Money(sum(each.price.minor for each in priced.values()), priced[skus[0]].price.currency)
            percent = Percent.whole(asked.percent)
            return Draft(
                Discount(
                    store=place.id,
                    customer=CustomerRef(asked.customer) if asked.customer else None,
                    transaction=asked.transaction,
                    code=code_for(call.actor, asked.idempotency_key),
                    percent=percent,
                    skus=tuple(map(Sku, skus)),
                    base=base,
                    amount=base.share(percent),
                    valid_until=asking.now() + timedelta(seconds=limits(place.region, place.id).discount.valid_s),
                ),
                {"lines": [{"sku": sku, "units": 1, "price": priced[sku].price.minor} for sku in skus]},
                min(each.seen_at for each in priced.values()),
            )

        return await asking.ask("propose_discount", call, asked, draft)

    return Tool(
        name="propose_discount",
        title="Propose a discount",
        description="Ask for a single-use code: a whole percentage off named goods in one transaction.",
        effect=Effect.WRITE,
        arguments=ProposeDiscount,
        answer=Decided,
        run=run,
    )
