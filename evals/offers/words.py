"""A day at a simulated chain's tills, its words written by a model the night before: how many, and in what time.

The night sees the orders before the day, and the day's baskets are then rung up. The model takes a second for a line,
as a small one without a graphics card does, so that at a till it is never in time. A night's 900 s are played in 18:
there a line takes 20 ms, and as many lines fit.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import text

from evals.bench.chain import PLATFORM
from evals.bench.filled_chain import filled
from evals.bench.paper import PaperPlatform
from evals.retailer.model import LocalModel, ModelBehavior
from evals.retailer.places import shops
from evals.retailer.server import serve
from evals.retailer.world import Order, World
from evals.row import Row
from knowledge.events.families import CheckoutFacts, LineFacts
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money
from server.composition import House, compose
from server.settings import Settings
from tools.platform import PlatformPrice

_START: Final = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
_VARIANTS: Final = 2_000
_CUSTOMERS: Final = 5_000
_HISTORY: Final = 28  # days
_BASKETS: Final = 400
_BY_NIGHT: Final = 0.02  # seconds for a line,
_NIGHT: Final = 18  # so many in all,
_BY_DAY: Final = 1.0  # and seconds for a line at the till
_GOAL: Final = 0.5
_ON_PAPER: Final = text("UPDATE location SET platform = :platform")  # codes are made at once: it is our time we ask of


@dataclass(frozen=True, slots=True)
class _Day:
    """What a day came to: offers by where their words came from, and milliseconds by basket."""

    words: Counter[str]
    milliseconds: Sequence[float]
    late: int

    @property
    def p95(self) -> float:
        return round(float(np.quantile(self.milliseconds, 0.95)), 2)


class _Prices:
    """The catalog of a platform that sells everything at the price we know."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        found = (self._world.variants[str(sku)] for sku in skus)
        return [PlatformPrice(Sku(one.sku), Money(one.price, self._world.currency), _START) for one in found]


async def kept_words() -> list[Row]:
    """The same baskets with templates alone, with a model that is asked at the till, and after a night of writing."""
    with tempfile.TemporaryDirectory(prefix="tillhand-evals-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        filling = filled(home, _START, variants=_VARIANTS, customers=_CUSTOMERS, history_days=_HISTORY)
        async with filling as (world, database):
            async with database.transaction() as connection:
                await connection.execute(_ON_PAPER, {"platform": PaperPlatform.name})
            url = database.url
        day = _last_day(world)
        model = LocalModel(ModelBehavior(behavior="slow", script=_line, slow_s=_BY_DAY))
        async with serve(model=model.app) as running:
            async with _house(url, home, world, "") as house:
                await _rung_up(house, world, day[: _BASKETS // 4], "WARM")
                plain = await _rung_up(house, world, day, "PLAIN")
            async with _house(url, home, world, running.model_url) as house:
                asked = await _rung_up(house, world, day, "ASKED")
                model.settings.slow_s = _BY_NIGHT
                night = await house.beforehand.write()
                model.settings.slow_s = _BY_DAY
                kept = await _rung_up(house, world, day, "KEPT")
    share, live = kept.words["kept"] / kept.words.total(), asked.words["live"] / asked.words.total()
    return [
        Row("offers_words_written_by_night", float(night.kept), f"lines, {night.ended}", "", None, None),
        Row("offers_words_kept_share", round(share, 3), "of offers", f">= {_GOAL}", round(live, 3), share >= _GOAL),
        Row("offers_words_till_p95_ms", kept.p95, "ms, beside templates", "", plain.p95, None),
        Row("offers_words_till_p95_asking_ms", asked.p95, "ms, beside templates", "", plain.p95, None),
        Row("offers_words_late", float(kept.late), f"of {len(day)} baskets", "", float(plain.late), None),
    ]


def _last_day(world: World) -> list[Order]:
    """The baskets of the last day in Shopify's shops, taken out of what the store will know."""
    places = {place.code for place in shops(world.places, PLATFORM)}
    since = _START - timedelta(days=1)
    day = [one for one in world.orders.values() if one.place in places and one.occurred_at >= since]
    for name in [name for name, one in world.orders.items() if one.occurred_at >= since]:
        del world.orders[name]
    return day[:_BASKETS]


@asynccontextmanager
async def _house(url: str, home: Path, world: World, model: str) -> AsyncGenerator[House]:
    limits = home / "limits.toml"
    own = DEFAULT_FILE.read_text(encoding="utf-8")
    limits.write_text(own.replace("location_day = 150000", "location_day = 15000000"), encoding="utf-8")
    settings = Settings(
        database_url=url, home=home, port=0, limits=limits, words_s=_NIGHT, model_url=model, model="m" if model else ""
    )
    paper: Any = PaperPlatform()
    paper.catalog = _Prices(world)
    async with compose(settings, now=lambda: _START, others=lambda _: {paper.name: paper}) as house:
        yield house


async def _rung_up(house: House, world: World, day: Sequence[Order], name: str) -> _Day:
    words, spent, late = Counter[str](), list[float](), 0
    for number, order in enumerate(day):
        basket = _basket(house, world, order, f"{name}_{number}")
        place = LocationId(order.place)
        register = Actor("register:evals", Role.REGISTER, frozenset({place}), Door.CHECKOUT)
        began = time.perf_counter()
        answer = await house.desk.answer(register, basket, source="evals")
        spent.append((time.perf_counter() - began) * 1_000)
        late += answer.partial
        if answer.decision_id:
            words[await _source(house, answer.decision_id)] += 1
    return _Day(words, spent, late)


async def _source(house: House, action: str) -> str:
    rows = await house.database.quick.rows(
        "SELECT proposal -> 'evidence' ->> 'words' AS words FROM action WHERE id = $1", action
    )
    return str(rows[0]["words"])


def _basket(house: House, world: World, order: Order, transaction: str) -> CheckoutFacts:
    lines = tuple(
        LineFacts(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price)
        for line in order.lines
        if line.quantity > 0
    )
    person = world.people[order.customer] if order.customer is not None else None
    key = house.keys.key("loyalty", person.loyalty_id) if person is not None and person.loyalty_id else None
    return CheckoutFacts(
        location=order.place,
        transaction=transaction,
        customer=(key,) if key is not None else (),
        lines=lines,
        total=sum(line.unit_price * line.quantity for line in lines),
        currency=world.currency,
    )


def _line(body: dict[str, Any]) -> dict[str, str]:
    offer = json.loads(body["messages"][-1]["content"])["offers"][0]
    off = f", {offer['percent']} off" if "percent" in offer else ""
    home = f", sent home within {offer['within_days']} days" if "within_days" in offer else ""
    return {"offer": offer["id"], "line": f"{offer['product']} would suit you well{off}{home}."}
