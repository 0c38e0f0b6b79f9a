"""A transaction log in Parquet, row by row, as our events.

One row is one event: a line sold at a till or online, a line given back, or a look at a product page. Columns: `seq`,
`ts` (UTC), `type`, `store_id`, `fulfil`, `cust_key`, `order_id`, `sku`, `qty`, `unit_price`, `ref_order_id`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pyarrow.parquet

from knowledge.events.event import Event, Topic
from knowledge.identity.match_key import MatchKeys
from policies.errors import Misconfigured
from policies.vocabulary.ids import CorrelationId, EventId, LocationId

SOURCE = "replay"
ONLINE = LocationId("ONLINE")
_COLUMNS = (
    "seq", "ts", "type", "store_id", "fulfil", "cust_key", "order_id", "sku", "qty", "unit_price", "ref_order_id",
)  # fmt: skip
_ROWS = 5_000  # read at a time: memory stays flat however long the log is
_TOPICS = {
    "online.view": Topic.PRODUCT_VIEWED,
    "online.order_line": Topic.ORDER_CREATED,
    "pos.sale_line": Topic.ORDER_CREATED,
    "return.line": Topic.RETURN_CREATED,
}


@dataclass(slots=True)
class BadRows:
    """Rows left out, counted by reason, with the first row of each."""

    count: Counter[str] = field(default_factory=Counter[str])
    first: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, reason: str, seq: int) -> None:
        """Count one."""
        self.count[reason] += 1
        self.first.setdefault(reason, seq)


class TransactionLog:
    """A log on disk.

    Raises:
        Misconfigured: The file is missing, is no Parquet file, or lacks a column.
    """

    def __init__(self, file: Path, keys: MatchKeys, *, currency: str) -> None:
        try:
            self._parquet: Any = pyarrow.parquet.ParquetFile(file)
        except (OSError, ValueError) as error:
            raise Misconfigured(f"{file} is not a readable Parquet file.", code="replay.file") from error
        missing = [name for name in _COLUMNS if name not in self._parquet.schema_arrow.names]
        if missing:
            raise Misconfigured(f"{file} lacks the column {missing[0]}.", code="replay.column")
        self._currency = currency
        self._keys = keys
        self._customer = lru_cache(maxsize=100_000)(self._hashed)
        self.rows = int(self._parquet.metadata.num_rows)
        self.bad = BadRows()

    def events(self, limit: int | None = None) -> Iterator[Event]:
        """Every row as an event, in the log's order; rows that cannot be read are counted in `bad` and passed over."""
        told = 0
        for batch in self._parquet.iter_batches(batch_size=_ROWS, columns=list(_COLUMNS)):
            for row in batch.to_pylist():
                if limit is not None and told >= limit:
                    return
                told += 1
                event = self._event(row)
                if event:
                    yield event

    def _event(self, row: dict[str, Any]) -> Event | None:
        topic = _TOPICS.get(row["type"])
        at: datetime | None = row["ts"]
        reason = _unreadable(topic, row)
        if topic is None or at is None or reason:
            self.bad.add(reason or "no time", row["seq"])
            return None
        at = at.replace(tzinfo=UTC)
        lane = LocationId(row["store_id"] or ONLINE) if row["fulfil"] != "pickup" else ONLINE
        story = row["ref_order_id"] or row["order_id"] or row["cust_key"]
        return Event(
            id=EventId(f"replay-{row['seq']}"),
            source=SOURCE,
            delivery=str(row["seq"]),
            topic=topic,
            lane=lane,
            occurred_at=at,
            received_at=at,
            correlation=CorrelationId(uuid5(NAMESPACE_URL, f"replay:{story}").hex),
            facts=self._facts(topic, row, lane),
            resource=f"replay:order:{row['order_id']}" if row["order_id"] else "",
            version=f"{row['seq']:012d}",
        )

    def _hashed(self, name: str) -> list[dict[str, str]]:
        key = self._keys.key("replay", name)
        return [key.model_dump()] if key else []

    def _facts(self, topic: Topic, row: dict[str, Any], lane: LocationId) -> dict[str, Any]:
        customer = self._customer(row["cust_key"]) if row["cust_key"] else []
        if topic is Topic.PRODUCT_VIEWED:
            return {"kind": "view", "customer": customer, "skus": [row["sku"]], "cart": ""}
        price = cents(row["unit_price"])
        line = {"sku": row["sku"], "quantity": row["qty"], "unit_price": price, "discount": 0, "returned": 0}
        if topic is Topic.RETURN_CREATED:
            return {
                "order": f"replay:order:{row['ref_order_id']}" if row["ref_order_id"] else "",
                "location": lane,
                "customer": customer,
                "lines": [line],
                "refund": price * row["qty"],
                "currency": self._currency,
            }
        return {
            "order": f"replay:order:{row['order_id']}",
            "channel": "online" if lane == ONLINE else "pos",
            "location": lane,
            "customer": customer,
            "lines": [line],
            "total": price * row["qty"],
            "currency": self._currency,
            "pickup_location": row["store_id"] if row["fulfil"] == "pickup" else "",
            "complete": False,
        }


def cents(price: float) -> int:
    """A logged price in minor units: the log holds doubles, whose shortest decimal form is the price that was meant."""
    return int((Decimal(str(price)) * 100).to_integral_value())


def _unreadable(topic: Topic | None, row: dict[str, Any]) -> str:
    """Why a row cannot be an event; "" when it can."""
    if topic is None:
        return "unknown type"
    if not row["sku"]:
        return "no sku"
    if topic is Topic.PRODUCT_VIEWED:
        return ""
    if not row["order_id"] or not row["qty"] or row["qty"] < 0:
        return "no order or quantity"
    return "" if row["unit_price"] is not None else "no price"
