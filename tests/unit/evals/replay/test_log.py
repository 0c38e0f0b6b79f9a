"""A transaction log becomes events row by row, and says what it left out."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from evals.replay.log import TransactionLog, cents
from evals.replay.worker import windows
from knowledge.events.event import Event, Topic
from knowledge.events.families import InterestFacts, OrderFacts, ReturnFacts
from knowledge.identity.match_key import MatchKeys
from policies.errors import Misconfigured

KEYS = MatchKeys(b"k" * 32)
START = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - a log's times are UTC without saying so
ROW: dict[str, Any] = {
    "seq": 1, "ts": START, "type": "pos.sale_line", "store_id": "S1", "fulfil": "carry", "cust_key": "c1",
    "order_id": "100", "sku": "A", "qty": 2, "unit_price": 4.95, "ref_order_id": None,
}  # fmt: skip


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    file = folder / "log.parquet"
    arrow: Any = pa
    schema = arrow.schema([
        ("seq", arrow.int32()), ("ts", arrow.timestamp("us")), ("type", arrow.string()), ("store_id", arrow.string()),
        ("fulfil", arrow.string()), ("cust_key", arrow.string()), ("order_id", arrow.string()),
        ("sku", arrow.string()), ("qty", arrow.int64()), ("unit_price", arrow.float64()),
        ("ref_order_id", arrow.string()),
    ])  # fmt: skip
    parquet: Any = pyarrow.parquet
    parquet.write_table(arrow.Table.from_pylist(list(rows), schema=schema), file)
    return file


def read(file: Path, limit: int | None = None) -> tuple[list[Event], TransactionLog]:
    log = TransactionLog(file, KEYS, currency="GBP")
    return list(log.events(limit)), log


def test_each_kind_of_row_becomes_the_event_it_is(tmp_path: Path):
    view = {**ROW, "seq": 2, "type": "online.view", "store_id": None, "order_id": None, "unit_price": None}
    back = {**ROW, "seq": 3, "type": "return.line", "order_id": "C100", "ref_order_id": "100", "qty": 1}
    (sold, viewed, returned), _ = read(write(tmp_path, ROW, view, back))
    order = OrderFacts.model_validate(sold.facts)
    assert (sold.topic, sold.lane, order.total, order.complete) == (Topic.ORDER_CREATED, "S1", 990, False)
    assert InterestFacts.model_validate(viewed.facts).skus == ("A",)
    assert viewed.lane == "ONLINE"
    assert ReturnFacts.model_validate(returned.facts).order == order.order
    assert returned.correlation == sold.correlation


def test_a_customer_s_name_in_the_log_does_not_reach_an_event(tmp_path: Path):
    (event,), _ = read(write(tmp_path, {**ROW, "cust_key": "ada.lovelace"}))
    assert "ada" not in repr(event)
    assert len(event.facts["customer"]) == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"type": "pos.miracle"}, "unknown type"),
        ({"sku": None}, "no sku"),
        ({"ts": None}, "no time"),
        ({"qty": -1}, "no order or quantity"),
        ({"order_id": None}, "no order or quantity"),
        ({"unit_price": None}, "no price"),
    ],
)
def test_a_broken_row_is_counted_with_its_reason_and_the_rest_is_read(
    tmp_path: Path, wrong: dict[str, Any], reason: str
):
    events, log = read(write(tmp_path, {**ROW, **wrong}, {**ROW, "seq": 2}))
    assert [event.delivery for event in events] == ["2"]
    assert (dict(log.bad.count), log.bad.first) == ({reason: 1}, {reason: 1})


def test_a_limit_counts_rows(tmp_path: Path):
    events, _ = read(write(tmp_path, ROW, {**ROW, "seq": 2}, {**ROW, "seq": 3}), limit=2)
    assert len(events) == 2


@pytest.mark.parametrize(("price", "expected"), [(0.29, 29), (1.15, 115), (649.5, 64950), (4.35, 435)])
def test_a_price_the_log_keeps_as_a_double_is_the_cents_that_were_meant(price: float, expected: int):
    assert cents(price) == expected


def test_a_file_that_is_no_log_is_refused_with_what_is_wrong(tmp_path: Path):
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(Misconfigured, match="not a readable Parquet"):
        TransactionLog(tmp_path / "x.parquet", KEYS, currency="GBP")
    parquet: Any = pyarrow.parquet
    parquet.write_table(pa.table({"seq": [1]}), tmp_path / "y.parquet")
    with pytest.raises(Misconfigured, match="lacks the column ts"):
        TransactionLog(tmp_path / "y.parquet", KEYS, currency="GBP")


def test_a_burst_is_cut_where_more_than_ten_minutes_pass(tmp_path: Path):
    moments = [0, 300, 600, 601, 1500]
    rows = [{**ROW, "seq": n, "ts": START + timedelta(seconds=at)} for n, at in enumerate(moments, 1)]
    events, _ = read(write(tmp_path, *rows))
    assert [[int(event.delivery) for event in window] for window in windows(events)] == [[1, 2, 3], [4], [5]]
