"""The whole product at one busy shop: asked again it answers the same, and no sequence of offers passes a cap.

Each basket is rung up as several sales as well: each draws anew and finds the caps as they are by then. pass^k is the
share of baskets of which every run was right, told beside how many of the runs were offers: silence is easily right.
"""

import asyncio
import re
import tempfile
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import insert, text

from evals.bench.paper import PaperPlatform
from evals.row import Row
from knowledge.events.families import CheckoutFacts, KeyedHash, LineFacts
from knowledge.offers.arms import same_again
from knowledge.offers.lottery import Lottery
from knowledge.offers.uplift import PERCENTS
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.places import Place, save_locations
from knowledge.store.session import Database
from knowledge.store.tables import companion, customer, inventory_level, match_key, variant
from policies.limits import DEFAULT_FILE
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from server.composition import House, compose
from server.settings import Settings
from tools.platform import PlatformPrice

_NOW: Final = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
_SHOP: Final = LocationId("SHOP")
_REGISTER: Final = Actor("register:evals", Role.REGISTER, frozenset({_SHOP}), Door.CHECKOUT)
_GOODS: Final = 24
_CUSTOMERS: Final = 30
_BASKETS: Final = 240
_CAPS: Final = {"customer_day": 1_500, "location_day": 40_000, "transaction_max": 1_200}
_TIMES: Final = 3
_PERCENTS: Final = frozenset(str(Percent(each)) for each in PERCENTS)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: str
    code: str
    percent: str
    message: str


class _Prices:
    """The catalog of a platform that sells everything at the price we know."""

    async def prices(self, skus: Iterable[Sku]) -> list[PlatformPrice]:
        return [PlatformPrice(sku, Money(_price(int(sku[1:])), "USD"), _NOW) for sku in skus]


async def consistency_and_caps() -> list[Row]:
    """Every basket asked several times, of two processes; then what was given, beside what may be."""
    with tempfile.TemporaryDirectory(prefix="tillhand-evals-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        url = await asyncio.to_thread(start_embedded, home / "pg")
        await asyncio.to_thread(migrate, url)
        async with _house(url, home) as house:
            shoppers = await _fill(house)
            baskets = _baskets(Random(5), shoppers)
            first: list[list[_Answer]] = []
            runs: list[list[_Answer]] = []
            for basket in baskets:  # in turns, or the first sales leave nothing of the caps for the others
                first.append([await _asked(house, basket) for _ in range(_TIMES)])
                runs.append([await _asked(house, _anew(basket, trial)) for trial in range(_TIMES)])
            await house.background.close()
            lottery = Lottery(house.secret.derive("lottery"), house.settings.holdout_bp, house.settings.explore_bp)
            drawn = await _drawn_again(house, lottery)
        async with _house(url, home) as other:
            later = [await _asked(other, basket) for basket in baskets]
            given = await _given(other)
    same = [len({*answers, again}) == 1 for answers, again in zip(first, later, strict=True)]
    offered = sum(answers[0].status == "offered" for answers in first)
    over = sum(total > _CAPS[scope] for scope, totals in given.items() for total in totals.values())
    tight = max(total / _CAPS[scope] for scope, totals in given.items() for total in totals.values())
    spoken = sum(answer.status == "offered" for answers in runs for answer in answers)
    right = [[_right(answer) for answer in answers] for answers in runs]
    return [
        Row("offers_baskets_offered", float(offered), f"of {_BASKETS}", "", None, None),
        Row("offers_same_answer_when_asked_again", sum(same) / len(same), "", "= 1", None, all(same)),
        _share("offers_right_in_a_run", [each for graded in right for each in graded], "runs"),
        _share(f"offers_pass_hat_{_TIMES}", [all(graded) for graded in right], "baskets"),
        Row("offers_runs_offered", float(spoken), f"of {_BASKETS * _TIMES}", "> 0", None, spoken > 0),
        Row("offers_draws_recomputed_alike", drawn, "", "= 1", None, drawn == 1),
        Row("offers_caps_passed", float(over), "", "= 0", None, over == 0),
        Row("offers_tightest_cap_used", round(tight, 3), "", "", None, None),
    ]


@asynccontextmanager
async def _house(url: str, home: Path) -> AsyncGenerator[House]:
    limits = home / "limits.toml"
    own = DEFAULT_FILE.read_text(encoding="utf-8")
    tighter = "\n".join(f"discount.{name} = {value}" for name, value in _CAPS.items())
    limits.write_text(f"{own}\n# Owner: Marketing.\n[location.{_SHOP}]\n{tighter}\n", encoding="utf-8")
    settings = Settings(database_url=url, home=home, port=0, limits=limits, checkout_ms=5_000)
    paper: Any = PaperPlatform()
    paper.catalog = _Prices()
    if not await _is_filled(url):
        await _open(url)
    async with compose(settings, now=lambda: _NOW, others=lambda _: {"paper": paper}) as house:
        yield house


async def _is_filled(url: str) -> bool:
    database = Database(url)
    try:
        async with database.reading() as connection:
            return bool((await connection.execute(text("SELECT count(*) FROM location"))).scalar_one())
    finally:
        await database.close()


async def _open(url: str) -> None:
    """One shop and its goods, some of which are bought together."""
    database = Database(url)
    place = Place(_SHOP, "Shop", "paper", "1", "shop", "CA", "UTC", _SHOP)
    try:
        async with database.transaction() as connection:
            await save_locations(connection, [place])
            for number in range(_GOODS):
                sku = f"G{number}"
                row = {"sku": sku, "title": f"Goods {number}", "product": sku, "category": "Goods", "currency": "USD"}
                priced = {"price": _price(number), "unit_cost": _price(number) * 2 // 5, "observed_at": _NOW}
                await connection.execute(insert(variant).values(**row, **priced))
                level = {"sku": sku, "location_id": _SHOP, "available": 100, "observed_at": _NOW}
                await connection.execute(insert(inventory_level).values(level))
                for other in (number, (number + 1) % _GOODS, (number + 7) % _GOODS):
                    pair = {"sku": sku, "other": f"G{other}", "together": 40 if other != number else 100}
                    await connection.execute(insert(companion).values(**pair, lift=50_000, counted_at=_NOW))
    finally:
        await database.close()


async def _fill(house: House) -> list[tuple[KeyedHash, ...]]:
    """Customers by the keys a register would tell; the last one is a stranger."""
    shoppers: list[tuple[KeyedHash, ...]] = []
    async with house.database.transaction() as connection:
        for number in range(_CUSTOMERS):
            ref = f"c_{number:04d}"
            made = house.keys.key("loyalty", f"CARD-{number:06d}")
            assert made is not None  # noqa: S101  # a loyalty id of this form is one
            await connection.execute(insert(customer).values(ref=ref, observed_at=_NOW))
            await connection.execute(insert(match_key).values(kind=made.kind, digest=made.digest, ref=ref))
            shoppers.append((made,))
    return [*shoppers, ()]


def _baskets(random: Random, shoppers: list[tuple[KeyedHash, ...]]) -> list[CheckoutFacts]:
    found: list[CheckoutFacts] = []
    for number in range(_BASKETS):
        held = random.sample(range(_GOODS), random.randint(1, 4))
        lines = tuple(LineFacts(sku=f"G{each}", quantity=1, unit_price=_price(each)) for each in held)
        total = sum(line.unit_price for line in lines)
        shopper, name = random.choice(shoppers), f"T{number}"
        found.append(
            CheckoutFacts(location=_SHOP, transaction=name, customer=shopper, lines=lines, total=total, currency="USD")
        )
    return found


async def _asked(house: House, basket: CheckoutFacts) -> _Answer:
    answer = await house.desk.answer(_REGISTER, basket, source="evals")
    discount = answer.discount
    return _Answer(
        answer.status, discount.code if discount else "", str(discount.percent) if discount else "", answer.message
    )


def _anew(basket: CheckoutFacts, trial: int) -> CheckoutFacts:
    """The same basket as another sale, which draws anew and finds the caps as they are by then."""
    return basket.model_copy(update={"transaction": f"{basket.transaction}-{trial}"})


def _right(answer: _Answer) -> bool:
    """Whether a register may act on it: an offer has a code, and words with its percentage alone."""
    if answer.status != "offered":
        return not answer.code and not answer.message
    said = re.findall(r"(\d+(?:\.\d+)?%)", answer.message)
    return bool(answer.code) and answer.percent in _PERCENTS and said == [answer.percent]


def _share(name: str, right: list[bool], what: str) -> Row:
    return Row(name, sum(right) / len(right), f"of {len(right)} {what}", "= 1", None, all(right))


async def _drawn_again(house: House, lottery: Lottery) -> float:
    """Share of recorded draws that come out the same from the record and the secret."""
    question = text(
        "SELECT proposal -> 'evidence' -> 'choice' AS choice, facts ->> 'customer' AS ref FROM action"
        " WHERE proposal -> 'evidence' ? 'choice' UNION ALL SELECT choice, customer_ref FROM withheld"
    )
    async with house.database.reading() as connection:
        rows = (await connection.execute(question)).all()
    again = [same_again(row.choice, lottery, CustomerRef(row.ref) if row.ref else None) for row in rows]
    return sum(again) / len(again)


async def _given(house: House) -> dict[str, dict[str, int]]:
    """Money off that was allowed or waits, by cap and by whom or what it holds for."""
    question = text("SELECT facts, money FROM action WHERE kind = 'discount' AND state NOT IN ('denied', 'expired')")
    totals: dict[str, dict[str, int]] = {name: defaultdict(int) for name in _CAPS}
    async with house.database.reading() as connection:
        for row in await connection.execute(question):
            totals["location_day"][row.facts["store"]] += row.money
            totals["transaction_max"][row.facts["transaction"]] += row.money
            if row.facts["customer"]:
                totals["customer_day"][row.facts["customer"]] += row.money
    return totals


def _price(number: int) -> int:
    return 1_500 + 350 * number
