"""propose_discount: money off some goods of one transaction, priced by our own catalog."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import text

from knowledge.privacy.scrub import scrub
from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.actions.discount import Discount
from policies.engine import Engine
from policies.errors import NotFound
from policies.vocabulary.ids import CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.fresh_prices import FreshPrices
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Change, Decided
from tools.propose.naming import code_for
from tools.propose.prices import as_of_now, prices
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier, Message, OptionalIdentifier, SkuText
from tools.read.place import known
from tools.tool import Call, Tool

_CUSTOMER = text("SELECT 1 FROM customer WHERE ref = :ref")


class ProposeDiscount(WriteArguments):
    """Off one unit of each sku; `customer` as find_customer names them, `message` as they would read it."""

    location_id: Identifier
    transaction: Identifier
    skus: Annotated[list[SkuText], Field(min_length=1, max_length=50)]
    percent: Annotated[int, Field(ge=1, le=100)]
    customer: OptionalIdentifier = ""
    message: Message = ""

    def location(self) -> LocationId:
        """Where the code may be used."""
        return LocationId(self.location_id)


def discount_tool(asking: Asking, places: Places, engine: Engine, fresh: FreshPrices) -> Tool:
    """The tool; `engine` has the limits of now, `fresh` the prices."""

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
            limits = engine.limits.place(place.region, place.id).discount
            priced = await as_of_now(fresh, place.platform, priced, seconds=limits.price_age_s, at=asking.now())
            base = Money(sum(each.price.minor for each in priced.values()), priced[skus[0]].price.currency)
            percent = Percent.whole(asked.percent)
            off = base.share(percent)
            said = {"message": scrub(asked.message).text} if asked.message else {}
            return Draft(
                Discount(
                    store=place.id,
                    customer=CustomerRef(asked.customer) if asked.customer else None,
                    transaction=asked.transaction,
                    code=code_for(call.actor, asked.idempotency_key),
                    percent=percent,
                    skus=tuple(map(Sku, skus)),
                    base=base,
                    amount=off,
                    valid_until=asking.now() + timedelta(seconds=limits.valid_s),
                ),
                {"lines": [{"sku": sku, "units": 1, "price": priced[sku].price.minor} for sku in skus], **said},
                min(each.seen_at for each in priced.values()),
                (
                    Change(
                        what="price of the goods", before=base.minor, after=base.minor - off.minor, unit=off.currency
                    ),
                ),
            )

        return await asking.ask("propose_discount", call, asked, draft)

    return Tool(
        name="propose_discount",
        toolset="offers",
        title="Propose a discount",
        description="Ask for a single-use code: a whole percentage off named goods in one transaction.",
        effect=Effect.WRITE,
        arguments=ProposeDiscount,
        answer=Decided,
        run=run,
    )
