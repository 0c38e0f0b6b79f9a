"""The inventory specialist: a shelf about to run out is refilled from the location that can best spare it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from agents.routing import INVENTORY, topics_of
from agents.specialist import Finding
from agents.standing import LIVE_STATES, settled
from knowledge.demand.refill import Refill, refill, runs_low
from knowledge.demand.safety_stock import Replenishment
from knowledge.demand.shelf import Shelf, Worth, shelves_at, shelves_of, skus_of_items, worths
from knowledge.demand.velocity import Spot
from knowledge.events.event import Event
from knowledge.store.connection import Connection
from knowledge.store.places import WAREHOUSE, Places
from knowledge.store.session import Database, utc_now
from policies.actions.any_action import read_action
from policies.actions.transfer import Transfer, TransferLine
from policies.errors import NotFound
from policies.limits import Limits
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from tools.proposal import Origin, Proposal

_QUIET = timedelta(days=7)  # between two alerts about the same shelf: a supplier's order takes longer than a day


class InventorySpecialist:
    """Proposes transfers between locations of one platform, at most one a day per variant and destination.

    Args:
        database: The unified store.
        places: Which platform keeps a location's stock, and whose shelves a shop sells from.
        limits: The retailer's numbers.
        plan: Lead time, service level and cover.
        now: The present.
    """

    name = INVENTORY
    actor = Actor("specialist:inventory", Role.INVENTORY_SPECIALIST, None, Door.EVENT)
    topics = topics_of(INVENTORY)

    def __init__(
        self,
        database: Database,
        places: Places,
        limits: Limits,
        *,
        plan: Replenishment | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._places = places
        self._limits = limits
        self._plan = plan or Replenishment()
        self._now = now
        self._told: dict[Spot, date] = {}

    async def consider(
        self,
        events: Sequence[Event],
        customers: Mapping[str, CustomerRef],  # who bought it does not matter to a shelf
    ) -> Finding:
        """Transfers for the shelves this burst touched, and an alert where nobody can spare anything."""
        now = self._now()
        passed: Counter[str] = Counter()
        async with self._database.reading() as connection:
            touched = await self._touched(connection, events, passed)
            if not touched:
                return Finding((), (), +passed)
            today = self._today(now, next(iter(touched)))
            here = await shelves_at(connection, touched.keys(), today)
            passed["not_counted"] += len(touched) - len(here)
            low = [shelf for shelf in here.values() if runs_low(shelf, self._plan)]
            passed["enough"] += len(here) - len(low)
            needy = await self._not_asked(connection, low, today)
            passed["asked_lately"] += len(low) - len(needy)
            if not needy:
                return Finding((), (), +passed)
            skus = {shelf.sku for shelf in needy}
            everywhere = await shelves_of(connection, skus, today)
            worth = await worths(connection, skus)
            promised = await self._promised(connection, everywhere, today)
        proposals: list[Proposal] = []
        notes: list[tuple[str, str]] = []
        for shelf in sorted(needy, key=lambda shelf: shelf.spot):
            event = touched[shelf.spot]
            found, stale = self._refill(shelf, everywhere, promised, now)
            value = worth.get(shelf.sku)
            if found and value:
                promised[found.origin.spot] += found.units
                proposals.append(self._propose(found, value, event, today))
            elif found or stale:
                passed["counts_too_old" if stale else "not_in_catalog"] += 1
            else:
                passed["nobody_can_spare"] += 1
                if self._worth_telling(shelf.spot, today):
                    notes.append((event.id, self._alert(shelf)))
        return Finding(tuple(proposals), tuple(notes), +passed)

    async def _touched(
        self, connection: Connection, events: Sequence[Event], passed: Counter[str]
    ) -> dict[Spot, Event]:
        """Every shelf these events changed, with the newest event that did."""
        items = {str(event.facts["item"]) for event in events if event.facts.get("item") and not event.facts.get("sku")}
        by_item = await skus_of_items(connection, items)
        found: dict[Spot, Event] = {}
        for event in events:
            facts = event.facts
            try:
                stock = self._places.shelf(str(facts.get("location", ""))).id
            except NotFound:
                passed["location_unknown"] += 1
                continue
            skus = [str(line["sku"]) for line in facts.get("lines", ())]
            skus += [str(facts.get("sku") or by_item.get(str(facts.get("item")), ""))]
            for sku in filter(None, skus):
                found[(sku, stock)] = event
        return found

    async def _not_asked(self, connection: Connection, low: Sequence[Shelf], today: date) -> list[Shelf]:
        """Those with no transfer proposed today, and none under way since the lead time began."""
        days = range(round(self._plan.lead_time + self._plan.review) + 1)
        keys = {shelf.spot: [_key(shelf.spot, today - timedelta(days=age)) for age in days] for shelf in low}
        asked = await settled(connection, self.actor.id, [key for some in keys.values() for key in some])
        free: list[Shelf] = []
        for shelf in low:
            states = [asked[key].state for key in keys[shelf.spot] if key in asked]
            if keys[shelf.spot][0] not in asked and not LIVE_STATES.intersection(states):
                free.append(shelf)
        return free

    async def _promised(self, connection: Connection, everywhere: Mapping[Spot, Shelf], today: date) -> Counter[Spot]:
        """Units that will leave each shelf by transfers of the last two days: a draft moves no stock yet."""
        keys = [_key(spot, today - timedelta(days=age)) for spot in everywhere for age in range(2)]
        promised: Counter[Spot] = Counter()
        for asked in (await settled(connection, self.actor.id, keys)).values():
            action = read_action(asked.facts)
            if isinstance(action, Transfer) and asked.state in LIVE_STATES:
                promised.update({(line.sku, action.origin): line.units for line in action.lines})
        return promised

    def _refill(
        self, low: Shelf, everywhere: Mapping[Spot, Shelf], promised: Mapping[Spot, int], now: datetime
    ) -> tuple[Refill | None, bool]:
        """The refill, and whether one was given up because the counts behind it are too old to move goods on."""
        destination = self._places.get(low.location)
        if destination.kind == WAREHOUSE:  # refilled by suppliers, not by stripping its shops
            return None, False
        limits = self._limits.place(destination.region, destination.id).transfer
        senders: list[tuple[Shelf, int]] = []
        for place in self._places.shelves(destination.platform):
            shelf = everywhere.get((low.sku, place.id))
            if shelf and place.id != destination.id:
                keep = self._limits.place(place.region, place.id).transfer.origin_keep
                senders.append((shelf, keep + promised.get(shelf.spot, 0)))
        fresh = [one for one in senders if (now - one[0].as_of).total_seconds() <= limits.stock_age_s]
        found = refill(low, fresh, self._plan, most=limits.units_max)
        stale = found is None and refill(low, senders, self._plan, most=limits.units_max) is not None
        return found, stale

    def _propose(self, found: Refill, worth: Worth, event: Event, today: date) -> Proposal:
        low, origin = found.low, found.origin
        key = _key(low.spot, today)
        saved = min(found.units, round(low.velocity.mean * (self._plan.lead_time + self._plan.review)))
        action = Transfer(
            origin=LocationId(origin.location),
            destination=LocationId(low.location),
            lines=(TransferLine(sku=Sku(low.sku), units=found.units),),
            value=Money(worth.at_cost * found.units, worth.currency),
            reference=f"TH-{sha256(key.encode()).hexdigest()[:20]}",
        )
        evidence = {
            "available": low.available,
            "incoming": low.incoming,
            "reorder_point": found.reorder_point,
            "units_per_day_milli": round(low.velocity.mean * 1000),
            "lead_time_hours": round(self._plan.lead_time * 24),
            "counted_at": low.as_of.isoformat(),
            "origin_available": origin.available,
            "origin_spare": found.spare,
            "origin_counted_at": origin.as_of.isoformat(),
            "expected_value": max(1, saved) * worth.margin,
        }
        rationale = (
            f"{low.available} of {low.sku} left at {low.location}, below the reorder point of {found.reorder_point}; "
            f"{origin.location} can spare {found.spare}."
        )
        return Proposal(action, key, Origin(event.correlation, event.id, event.occurred_at), rationale, evidence)

    def _alert(self, shelf: Shelf) -> str:
        point = self._plan.reorder_point(shelf.velocity)
        return (
            f"{shelf.available} of {shelf.sku} left at {shelf.location}, below the reorder point of {point}, "
            "and no location of its platform can spare any: order from the supplier."
        )

    def _worth_telling(self, spot: Spot, today: date) -> bool:
        if today - self._told.get(spot, date.min) < _QUIET:
            return False
        self._told[spot] = today
        return True

    def _today(self, now: datetime, spot: Spot) -> date:
        return now.astimezone(ZoneInfo(self._places.get(spot[1]).timezone)).date()


def _key(spot: Spot, day: date) -> str:
    sku, location = spot
    return f"transfer:{day.isoformat()}:{location}:{sku}"
