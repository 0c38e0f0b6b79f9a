"""Orders of a real retailer in their order of time: when, whose, and what."""

import importlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from policies.errors import Misconfigured

FILE: Final = Path(__file__).parents[2].parent / "shared" / "data" / "two_channel_stream" / "events.parquet"
SOLD: Final = frozenset({"online.order_line", "pos.sale_line"})


@dataclass(frozen=True, slots=True)
class Order:
    """One order of either channel.

    Attributes:
        at: Days since the first midnight of the log.
        customer: "" where nobody knows.
        skus: Each once.
    """

    at: float
    customer: str
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """All orders, oldest first."""

    orders: tuple[Order, ...]
    start: datetime

    def day(self, year: int, month: int, day: int = 1) -> float:
        """A date as `Order.at` counts."""
        return (datetime(year, month, day) - self.start).total_seconds() / 86_400  # noqa: DTZ001  # the log's own time


def read_recorded(file: Path = FILE) -> Recorded:
    """From the stream.

    Raises:
        Misconfigured: It is not there.
    """
    if not file.exists():
        raise Misconfigured(
            "The recorded orders are not there.",
            code="evals.data",
            hint="They lie in ../shared/data/two_channel_stream.",
        )
    parquet: Any = importlib.import_module("pyarrow.parquet")
    table = parquet.read_table(file, columns=["ts", "type", "cust_key", "order_id", "sku", "qty"])
    found: dict[str, tuple[datetime, str, dict[str, None]]] = {}
    columns = (table[name].to_pylist() for name in ("ts", "type", "cust_key", "order_id", "sku", "qty"))
    for ts, kind, customer, order, sku, quantity in zip(*columns, strict=True):
        if kind in SOLD and quantity > 0:
            found.setdefault(order, (ts, customer or "", {}))[2][sku] = None
    first = min(ts for ts, _, _ in found.values())
    start = datetime(first.year, first.month, first.day)  # noqa: DTZ001
    orders = sorted(
        (Order((ts - start).total_seconds() / 86_400, customer, tuple(skus)) for ts, customer, skus in found.values()),
        key=lambda order: order.at,
    )
    return Recorded(tuple(orders), start)
