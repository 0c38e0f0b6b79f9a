"""A guard over a small shop and a platform that records: what the guard's flow tests start from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, select, text

from knowledge.store.places import Place, Places, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import action, inventory_level, promise, variant
from policies.actions.discount import Discount
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import Transfer, TransferLine
from policies.engine import Engine
from policies.limits import Limits
from policies.packs.pack import disclosed
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tests.flows.recording_platform import RecordingPlatform
from tests.price_list import PriceList
from tools.executor import Executor
from tools.fresh_prices import FreshPrices
from tools.guard import Guard
from tools.proposal import Origin, Proposal
from tools.tool import Tool

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
S1, S2, WAREHOUSE = LocationId("S1"), LocationId("S2"), LocationId("WH")
SAMPLE = Sku("SAMPLE")  # costs nothing, so that of all rules only the caps speak
SCARF, GIFT, PEN = Sku("SCARF"), Sku("GIFT"), Sku("PEN")  # a gift's cost was never recorded

PLACES = Places(
    [
        Place(S1, "First", "shopify", "1", "shop", "NY", "America/New_York", S1),
        Place(S2, "Second", "shopify", "2", "shop", "NY", "America/New_York", S2),
        Place(WAREHOUSE, "Warehouse", "shopify", "3", "warehouse", "NJ", "America/New_York", WAREHOUSE),
        Place(LocationId("L1"), "Lightspeed", "lightspeed", "1", "shop", "NY", "America/New_York", LocationId("L1")),
    ]
)
_ENGINE = Engine.read(Limits.read())
_numbers = count(1)


def actor(role: Role, name: str = "", *, door: Door = Door.MCP, **more: Any) -> Actor:
    """Somebody of this role, everywhere unless `locations` says where."""
    return Actor(name or f"{role}:{next(_numbers)}", role, more.pop("locations", None), door, **more)


SPECIALIST = actor(Role.OFFERS_SPECIALIST, "specialist:offers", door=Door.EVENT)
ASSOCIATE = actor(Role.ASSOCIATE, "associate:ben")
ADA, EVE = actor(Role.MANAGER, "manager:ada"), actor(Role.MANAGER, "manager:eve")
ORIGIN = Origin(CorrelationId("story"), "event-1")


def discount(cents: int, *, percent: int = 1000, transaction: str = "T1", sku: Sku = SAMPLE, **more: Any) -> Proposal:
    """A proposal that takes this many cents off one line; `percent` in basis points.

    With a customer it says what New York asks for, unless told to say something else.
    """
    base = more.pop("base", cents * 10_000 // percent)
    number = next(_numbers)
    said = more.pop("message", disclosed("", ("us_ny",)) if more.get("customer") else None)
    spoken = {} if said is None else {"message": said}
    lines = more.pop("lines", [{"sku": sku, "units": 1, "price": base}])
    money_off = Discount(
        store=more.pop("store", S1),
        customer=more.pop("customer", None),
        transaction=transaction,
        code=more.pop("code", f"TH-{number:06d}"),
        percent=Percent(percent),
        skus=(),
        base=Money(base, "USD"),
        amount=Money(cents, "USD"),
        valid_until=START + timedelta(minutes=30),
        campaign=more.pop("campaign", ""),
    )
    key = more.pop("key", f"key-{number}")
    return Proposal(
        money_off, key, more.pop("origin", ORIGIN), "Goes with the basket.", {"lines": lines, **spoken}, **more
    )


def adjustment(delta: int, *, sku: Sku = SCARF, key: str = "") -> Proposal:
    """A proposal that corrects a count at the first shop."""
    number = next(_numbers)
    change = StockAdjustment(
        store=S1, sku=sku, delta=delta, expected=None, value=Money(0, "USD"), reference=f"adjust-{number}"
    )
    return Proposal(change, key or f"key-{number}", ORIGIN, "Counted again.")


def transfer(units: int, *, sku: Sku = SCARF, origin: str = WAREHOUSE, to: str = S1) -> Proposal:
    """A proposal that moves units to a shop."""
    number = next(_numbers)
    move = Transfer(
        origin=LocationId(origin),
        destination=LocationId(to),
        lines=(TransferLine(sku=sku, units=units),),
        value=Money(0, "USD"),
        reference=f"transfer-{number}",
    )
    return Proposal(move, f"key-{number}", ORIGIN, "The shop runs out.")


def customer(name: str) -> CustomerRef:
    return CustomerRef(f"c_{name}")


@dataclass
class Shop:
    """The guard, and what stands around it; `clock` is everybody's now, `cents` what the platform charges."""

    database: Database
    engine: Engine = _ENGINE
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    clock: datetime = START
    cents: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        self.platform = RecordingPlatform(self.now)
        prices = FreshPrices({"shopify": PriceList(self.cents, self.now)}, self.now)
        self.executor = Executor(
            self.database, {"shopify": self.platform}, PLACES, self.engine, self.now, prices=prices
        )
        self.guard = Guard(self.database, self.engine, PLACES, self.executor, self.tools, self.now)

    def now(self) -> datetime:
        return self.clock

    def after(self, **time: float) -> None:
        self.clock += timedelta(**time)

    @property
    def effects(self) -> int:
        """How many changes the platform really made."""
        return sum(self.platform.effects.values())

    async def state(self, action_id: str) -> str:
        async with self.database.reading() as connection:
            found = await connection.execute(select(action.c.state).where(action.c.id == action_id))
            return str(found.scalar_one())

    async def promised(self, scope: str = "transaction") -> dict[str, int]:
        async with self.database.reading() as connection:
            rows = await connection.execute(select(promise.c.key, promise.c.total).where(promise.c.scope == scope))
            return {row.key: row.total for row in rows}

    async def kinds(self) -> list[str]:
        """The kinds of the ledger's records, in order."""
        await self.guard.flush()
        async with self.database.reading() as connection:
            return list((await connection.execute(text("SELECT kind FROM ledger ORDER BY seq"))).scalars())

    async def count(self, sku: Sku, units: int, place: LocationId = S1) -> None:
        """Say how many there are, as of now."""
        async with self.database.transaction() as connection:
            await connection.execute(
                text(
                    "INSERT INTO inventory_level (sku, location_id, available, observed_at)"
                    " VALUES (:sku, :place, :units, :at) ON CONFLICT (sku, location_id)"
                    " DO UPDATE SET available = :units, observed_at = :at"
                ),
                {"sku": sku, "place": place, "units": units, "at": self.clock},
            )


async def open_shop(database: Database, *, engine: Engine = _ENGINE, tools: Mapping[str, Tool] | None = None) -> Shop:
    """Fill the store and put a guard over it."""
    async with database.transaction() as connection:
        await save_locations(connection, PLACES)
        await connection.execute(
            insert(variant),
            [
                _variant(SAMPLE, 60_000, 0),
                _variant(SCARF, 3_000, 1_000),
                _variant(GIFT, 5_000, None),
                _variant(PEN, 1_000, 800),
            ],
        )
        await connection.execute(
            insert(inventory_level),
            [
                {"sku": sku, "location_id": place, "available": units, "observed_at": START}
                for place, units in ((S1, 5), (S2, 5), (WAREHOUSE, 40))
                for sku in (SAMPLE, SCARF, GIFT, PEN)
            ],
        )
    return Shop(database, engine, {} if tools is None else tools)


def _variant(sku: Sku, price: int, cost: int | None) -> dict[str, Any]:
    return {
        "sku": sku,
        "title": sku.title(),
        "product": sku.title(),
        "price": price,
        "currency": "USD",
        "unit_cost": cost,
        "observed_at": START,
    }
