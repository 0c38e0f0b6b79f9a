"""A real retailer's sales, as daily histories: ten months of both channels, by variant and by location.

Lines of more than 200 units are wholesale, and no shelf is kept for them: they are left out of what is learned and of
what is foretold. A variant is in when it sold on 25 days and was known for 120, before the first origin it is asked at.
"""

import asyncio
import importlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knowledge.demand.history import History, KnownEvent
from policies.errors import Misconfigured

FOLDER: Final = Path(__file__).parents[2].parent / "shared" / "data" / "two_channel_stream"
WHOLESALE: Final = 200  # units in one line
CHOSEN_BEFORE: Final = date(2011, 8, 1)  # numbers are chosen on origins before, and reported on those after
HORIZON: Final = 14
_SELLING_DAYS: Final = 25
_AGE: Final = 120
_STEP: Final = 7
_ONLINE: Final = "ONLINE"
_HOLIDAYS: Final = (date(2011, 5, 30), date(2011, 8, 29))  # public, and so known to everybody beforehand
CLOSED: Final = tuple(KnownEvent("", "", day, day, 0.0) for day in _HOLIDAYS)


@dataclass(frozen=True, slots=True)
class Stream:
    """Every line sold.

    Attributes:
        skus: By index, with their titles beside.
        sku: Of each line.
        place: Of each line.
        day: Of each line, counted from `first`.
        units: Of each line.
        price: Median unit price by sku, in the log's currency.
    """

    skus: list[str]
    titles: list[str]
    places: list[str]
    first: date
    days: int
    sku: NDArray[np.intp]
    place: NDArray[np.intp]
    day: NDArray[np.intp]
    units: NDArray[np.float32]
    price: NDArray[np.float64]

    def origin(self, day: date) -> int:
        """How many days lie before this one."""
        return (day - self.first).days

    def by_sku(self) -> History:
        """Chain-wide: one spot a variant, every variant that ever sold."""
        units = np.zeros((len(self.skus), self.days), np.float32)
        np.add.at(units, (self.sku, self.day), self.units)
        rows = np.arange(len(self.skus), dtype=np.int32)
        return History(units, rows, np.zeros_like(rows), self.skus, ["CHAIN"], self.first, _from(units), events=CLOSED)

    def by_spot(self) -> History:
        """The same by the location that sold it; every variant has a spot at every location."""
        units = np.zeros((len(self.skus), len(self.places), self.days), np.float32)
        np.add.at(units, (self.sku, self.place, self.day), self.units)
        count = len(self.places)
        return History(
            units.reshape(-1, self.days),
            np.repeat(np.arange(len(self.skus), dtype=np.int32), count),
            np.tile(np.arange(count, dtype=np.int32), len(self.skus)),
            self.skus,
            self.places,
            self.first,
            _from(units.sum(1)),
            events=CLOSED,
        )


def in_at(history: History, origin: int) -> NDArray[np.intp]:
    """The variants that are in at this origin, by what was known then."""
    past = history.by_sku(history.units[:, :origin]) > 0
    return np.flatnonzero((past.sum(1) >= _SELLING_DAYS) & (past.argmax(1) <= origin - _AGE))


async def read_stream(folder: Path = FOLDER) -> Stream:
    """From the data set's files.

    Raises:
        Misconfigured: They are not there.
    """
    if not (folder / "events.parquet").exists():
        raise Misconfigured(
            "The two-channel stream is not there.",
            code="evals.data",
            hint="It lies in ../shared/data/two_channel_stream.",
        )
    return await asyncio.to_thread(_read, folder)


def chosen_on(stream: Stream) -> list[int]:
    """Origins to choose numbers on: every week that ends before August, as far as the past reaches."""
    last = stream.origin(CHOSEN_BEFORE) - HORIZON
    return list(range(last - 8 * _STEP, last + 1, _STEP))


def reported_on(stream: Stream) -> list[int]:
    """Origins to report on: every week from August on, the last ending with the log."""
    last = stream.days - HORIZON
    return list(range(last - (last - stream.origin(CHOSEN_BEFORE)) // _STEP * _STEP, last + 1, _STEP))


def _read(folder: Path) -> Stream:
    parquet: Any = importlib.import_module("pyarrow.parquet")
    compute: Any = importlib.import_module("pyarrow.compute")
    told: Any = parquet.read_table(
        folder / "events.parquet", columns=["ts", "type", "store_id", "sku", "qty", "unit_price"]
    )
    sold = compute.is_in(told["type"], value_set=_array(["online.order_line", "pos.sale_line"]))
    told = told.filter(
        compute.and_(sold, compute.and_(compute.greater(told["qty"], 0), compute.greater(told["unit_price"], 0)))
    )
    told = told.filter(compute.less_equal(told["qty"], WHOLESALE))
    sku_names: NDArray[Any] = np.asarray(told["sku"].to_pylist())
    place_names: NDArray[Any] = np.asarray([place or _ONLINE for place in told["store_id"].to_pylist()])
    days: NDArray[Any] = told["ts"].to_numpy().astype("datetime64[D]")
    skus, sku = np.unique(sku_names, return_inverse=True)
    places, place = np.unique(place_names, return_inverse=True)
    first = days.min()
    price: NDArray[np.float64] = told["unit_price"].to_numpy()
    order = np.lexsort((price, sku))
    starts = np.searchsorted(sku[order], np.arange(len(skus) + 1))
    medians = price[order][(starts[:-1] + starts[1:] - 1) // 2]
    titles = dict(zip(*parquet.read_table(folder / "products.parquet").to_pydict().values(), strict=True))
    day = (days - first).astype(np.intp)
    start = date(1970, 1, 1) + timedelta(days=int(first.astype(np.int64)))
    return Stream(
        [str(name) for name in skus],
        [str(titles.get(str(name)) or "") for name in skus],
        [str(name) for name in places],
        start,
        int(day.max()) + 1,
        sku,
        place,
        day,
        told["qty"].to_numpy().astype(np.float32),
        medians,
    )


def _array(values: list[str]) -> Any:
    pyarrow: Any = importlib.import_module("pyarrow")
    return pyarrow.array(values, pyarrow.large_string())


def _from(units: NDArray[np.float32]) -> NDArray[np.int32]:
    return (units > 0).argmax(1).astype(np.int32)
