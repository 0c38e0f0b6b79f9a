"""A trading day, compressed: people browse, buy, collect and bring back, and some best sellers run out."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from evals.retailer import actions
from evals.retailer.audience import Audience
from evals.retailer.clock import VirtualClock
from evals.retailer.day_plan import Kind, Planned, plan_day
from evals.retailer.demand import Demand
from evals.retailer.history import PICKED_UP, USES_CODE
from evals.retailer.people_names import TOWNS
from evals.retailer.places import ONLINE, shops, zone
from evals.retailer.promotions import promotion_code
from evals.retailer.register import SAMPLE_BASKET, SAMPLE_CUSTOMER, SAMPLE_TRANSACTION, checkout_started
from evals.retailer.stock import stock_place
from evals.retailer.world import Cart, Order, World

STEPS = 1_200
_VISITORS_AT_ONCE = 64
_TRIES = 20  # visitors who leave without a thing before a step is given up
_BEFORE_PICKUP = timedelta(minutes=45)  # from order to collection, at least


@dataclass(slots=True)
class Step:
    """One thing that happened; for `checkout`, one that is happening.

    Attributes:
        at: When the retailer's systems hear of it.
        kind: What. A planned step that found nothing to do (nothing to collect, say) is a `view`.
        place: Place code.
        customer: Person.key, if known.
        order: The order that was made or changed; None for a checkout that is not completed.
        payload: For `checkout`: the JSON the register sends to ask for an offer, as bytes.
        basket: For `checkout`: (sku, units).
        transaction: For `checkout`: the register's transaction id.
    """

    at: datetime
    kind: Kind
    place: str
    customer: int | None = None
    order: Order | None = None
    payload: bytes = b""
    basket: tuple[tuple[str, int], ...] = ()
    transaction: str = ""


class TradingDay:
    """The first day of a world that is not over, at most once. The same world, start and seed give the same day.

    Args:
        world: The retailer; every step changes it through `actions`.
        clock: The world's clock, moved on to each step.
        seed: What the day is drawn from.
        steps: How many, besides closing the registers.
    """

    def __init__(self, world: World, clock: VirtualClock, seed: int, steps: int = STEPS) -> None:
        self._world = world
        self._clock = clock
        self._chance = np.random.default_rng([seed, 7])
        self._demand = Demand(world.seed, world.variants, world.places)
        self._audience = Audience(world)
        self._visitors: dict[str, deque[tuple[int | None, list[tuple[str, int]]]]] = {}
        self._day = clock.now().date()
        self._promoted: frozenset[str] = frozenset()
        self._carts: list[Cart] = []
        self.plan = plan_day(world, self._demand, clock.now(), steps, self._chance)
        self._sold = [order.key for order in world.orders.values() if order.fulfilled_at and not order.return_of]
        self._open = [order.key for order in world.orders.values() if not order.fulfilled_at]
        self._doing: dict[Kind, Callable[[Planned], Step | None]] = {
            "cancel": self._cancel,
            "cart": self._cart,
            "checkout": self._checkout,
            "close": self._close,
            "customer_edit": self._customer_edit,
            "fulfill": self._fulfill,
            "late_sale": self._sale,
            "online_order": self._online_order,
            "pickup": self._pickup,
            "return": self._return,
            "sale": self._sale,
            "scan": self._scan,
            "view": self._view,
        }

    def steps(self) -> Iterator[Step]:
        """Each step, done when it is handed out; a checkout not completed before the next completes without a code."""
        for planned in self.plan:
            self._clock.advance_to(planned.at)
            self._begin_day(planned)
            step = self._doing[planned.kind](planned) or self._view(planned)
            yield step
            if step.kind == "checkout":
                self.complete(step)

    def complete(self, step: Step, code: str = "") -> Order | None:
        """Pay a checkout, once; a code the platform refuses is left out, as an associate would.

        Returns:
            The order; None when somebody else took the last unit meanwhile.
        """
        if step.order is None:
            step.order = self._ring_up(step.place, step.customer, list(step.basket), step.at, code, step.transaction)
        return step.order

    def _begin_day(self, planned: Planned) -> None:
        day = planned.occurred_at.astimezone(zone(self._world.places[planned.place])).date()
        if day != self._day or not self._promoted:
            self._day = day
            self._promoted = frozenset(self._demand.promoted_skus(day))

    def _ring_up(  # noqa: PLR0913, PLR0917 - a sale has this many facts
        self,
        place: str,
        customer: int | None,
        basket: list[tuple[str, int]],
        occurred_at: datetime,
        code: str = "",
        transaction: str = "",
    ) -> Order | None:
        for codes in ((code,), ()) if code else ((),):
            try:
                order = actions.sell(
                    self._world,
                    place=place,
                    customer_key=customer,
                    lines=basket,
                    channel="pos",
                    occurred_at=occurred_at,
                    codes=codes,
                    transaction=transaction,
                )
            except actions.OutOfStock:
                return None
            except (actions.CodeRefused, actions.Unknown):
                if not codes:
                    raise
            else:
                self._sold.append(order.key)
                return order
        raise AssertionError("A sale without a code is made or is out of stock.")

    def _checkout(self, planned: Planned) -> Step | None:
        if planned.sample:
            customer, basket, transaction = SAMPLE_CUSTOMER, list(SAMPLE_BASKET), SAMPLE_TRANSACTION
        else:
            met = self._known_visitor(planned.place)
            if met is None:
                return None
            customer, basket = met
            transaction = f"TXN_{self._world.next_serial('transaction'):06d}"
        person = self._world.people[customer]
        return Step(
            planned.at,
            "checkout",
            planned.place,
            customer,
            payload=checkout_started(self._world, planned.place, transaction, person, basket),
            basket=tuple(basket),
            transaction=transaction,
        )

    def _sale(self, planned: Planned) -> Step | None:
        met = self._visitor(planned.place)
        if met is None:
            return None
        customer, basket = met
        code = ""
        if any(sku in self._promoted for sku, _ in basket) and self._chance.random() < USES_CODE:
            code = promotion_code(self._world.places[planned.place].platform, self._day)
        order = self._ring_up(planned.place, customer, basket, planned.occurred_at, code)
        return Step(planned.at, planned.kind, planned.place, customer, order)

    def _scan(self, planned: Planned) -> Step | None:
        met = self._known_visitor(planned.place)
        return Step(planned.at, "scan", planned.place, met[0]) if met else None

    def _view(self, planned: Planned) -> Step:
        customer, basket = self._next(ONLINE)
        if customer is not None:
            actions.view(self._world, customer, basket[0][0])
        return Step(planned.at, "view", ONLINE, customer)

    def _cart(self, planned: Planned) -> Step | None:
        met = self._known_visitor(ONLINE)
        if met is None:
            return None
        self._carts.append(self._filled_cart(*met))
        return Step(planned.at, "cart", ONLINE, met[0])

    def _filled_cart(self, customer: int, basket: list[tuple[str, int]]) -> Cart:
        cart = actions.open_cart(self._world, customer)
        for sku, units in basket:
            actions.put_in_cart(self._world, cart, sku, units)
        return cart

    def _online_order(self, planned: Planned) -> Step | None:
        """From a cart filled earlier, or from one filled now; some are collected in a shop that has it all."""
        if self._chance.random() < PICKED_UP:
            return self._pickup_order(planned)
        if not self._carts or self._chance.random() < 0.5:  # noqa: PLR2004 - one in two comes back to a cart
            self._cart(planned)
        if not self._carts:
            return None
        return self._pay(planned, self._carts.pop(int(self._chance.integers(len(self._carts)))))

    def _pickup_order(self, planned: Planned) -> Step | None:
        places = shops(self._world.places, "shopify")
        place = places[int(self._chance.integers(len(places)))].code
        met = self._known_visitor(place)
        return self._pay(planned, self._filled_cart(*met), place) if met else None

    def _pay(self, planned: Planned, cart: Cart, pickup_place: str = "") -> Step | None:
        actions.begin_checkout(self._world, cart)
        try:
            order = actions.sell(
                self._world,
                place=ONLINE,
                customer_key=cart.customer,
                lines=list(cart.lines.items()),
                channel="online",
                occurred_at=self._clock.now(),
                pickup_place=pickup_place,
            )
        except actions.OutOfStock:
            return None
        cart.order = order.key
        self._open.append(order.key)
        return Step(planned.at, "online_order", ONLINE, cart.customer, order)

    def _fulfill(self, planned: Planned) -> Step | None:
        return self._hand_over(planned, "fulfill", lambda order: not order.pickup_place)

    def _pickup(self, planned: Planned) -> Step | None:
        ready = self._clock.now() - _BEFORE_PICKUP
        return self._hand_over(planned, "pickup", lambda order: bool(order.pickup_place) and order.occurred_at <= ready)

    def _hand_over(self, planned: Planned, kind: Kind, wanted: Callable[[Order], bool]) -> Step | None:
        order = self._take_open(wanted)
        if order is None:
            return None
        actions.fulfill(self._world, order)
        self._sold.append(order.key)
        return Step(planned.at, kind, order.pickup_place or ONLINE, order.customer, order)

    def _cancel(self, planned: Planned) -> Step | None:
        order = self._take_open(lambda _order: True)
        if order is None or any(line.returned for line in order.lines):
            return None
        actions.cancel(self._world, order)
        return Step(planned.at, "cancel", ONLINE, order.customer, order)

    def _take_open(self, wanted: Callable[[Order], bool]) -> Order | None:
        """The first open order that is wanted; orders closed by others are dropped on the way."""
        orders = [self._world.orders[key] for key in self._open]
        still = [order for order in orders if not order.fulfilled_at and not order.cancelled_at]
        found = next(filter(wanted, still), None)
        self._open = [order.key for order in still if order is not found]
        return found

    def _return(self, planned: Planned) -> Step | None:
        """One unit of something sold at this place comes back."""
        for _ in range(_TRIES * 4):
            if not self._sold:
                return None
            order = self._world.orders[self._sold[int(self._chance.integers(len(self._sold)))]]
            left = [line.sku for line in order.lines if line.returned < line.quantity]
            if order.place == planned.place and left and not order.cancelled_at:
                given = actions.refund(self._world, order, {left[0]: 1})
                return Step(planned.at, "return", planned.place, order.customer, given)
        return None

    def _customer_edit(self, planned: Planned) -> Step | None:
        met = self._known_visitor(ONLINE)
        if met is None:
            return None
        person = self._world.people[met[0]]
        if self._chance.random() < 0.5:  # noqa: PLR2004 - one in two moves house, the others change their mind
            towns = TOWNS[person.region]
            person.city = towns[(towns.index(person.city) + 1) % len(towns)]
        else:
            person.consent_email = not person.consent_email and bool(person.email)
        actions.update_customer(self._world, person)
        return Step(planned.at, "customer_edit", ONLINE, person.key)

    def _close(self, planned: Planned) -> Step:
        actions.close_register(self._world, planned.place)
        return Step(planned.at, "close", planned.place)

    def _visitor(self, place: str) -> tuple[int | None, list[tuple[str, int]]] | None:
        """The next who comes for something that is there; what is sold out stays unsold."""
        for _ in range(_TRIES):
            customer, wanted = self._next(place)
            found = self._sellable(place, wanted)
            if found:
                return customer, found
        return None

    def _known_visitor(self, place: str) -> tuple[int, list[tuple[str, int]]] | None:
        """The next visitor whose name the till or the online shop knows."""
        for _ in range(_TRIES):
            met = self._visitor(place)
            if met is not None and met[0] is not None:
                return met[0], met[1]
        return None

    def _sellable(self, place: str, lines: list[tuple[str, int]]) -> list[tuple[str, int]]:
        origin = stock_place(self._world, place)
        levels = self._world.levels
        return [
            (sku, units) for sku, units in lines if (sku, origin) in levels and levels[sku, origin].available >= units
        ]

    def _next(self, place: str) -> tuple[int | None, list[tuple[str, int]]]:
        waiting = self._visitors.setdefault(place, deque())
        if not waiting:
            customers = self._audience.draw(
                self._world.places[place], _VISITORS_AT_ONCE, self._chance, signed_in=place == ONLINE
            )
            tastes = [self._world.people[key].taste if key is not None else () for key in customers]
            baskets = self._demand.baskets(place, self._day, tastes, self._chance)
            waiting.extend(zip(customers, baskets, strict=True))
        return waiting.popleft()
