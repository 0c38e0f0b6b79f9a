"""The schema of stock that moves: every change of a count, what explains it, goods two platforms count, oversells."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from knowledge.store.pos_tables import metadata

_TIME = DateTime(timezone=True)

stock_change = Table(  # never updated: the counts of `inventory_level` are the sums of these
    "stock_change",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("sku", String, nullable=False),
    Column("location_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("delta", Integer, nullable=False),
    Column("cause", String, nullable=False),
    Column("reference", String, nullable=False, server_default=""),  # of the order, return, transfer or action
    Column("event_id", String, nullable=False, server_default=""),  # that told the count
    Column("occurred_at", _TIME, nullable=False),
    Column("recorded_at", _TIME, nullable=False),
    CheckConstraint("state in ('available', 'on_hand', 'committed', 'incoming')", name="stock_change_state"),
    CheckConstraint(
        "cause in ('opening', 'order', 'return', 'transfer', 'adjustment', 'sync', 'count', 'correction')",
        name="stock_change_cause",
    ),
    Index("stock_change_by_cell", "sku", "location_id", "seq"),
    Index(
        "stock_change_unexplained",
        "location_id",
        "recorded_at",
        postgresql_where=text("cause IN ('correction', 'count')"),
    ),
)

stock_movement = Table(  # what ought to change a count of what can be sold, and how much of it a count has shown so far
    "stock_movement",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),
    Column("reference", String, primary_key=True),
    Column("cause", String, nullable=False),
    Column("units", Integer, nullable=False),  # as it stands now: a sale is negative
    Column("shown", Integer, nullable=False, server_default="0"),
    Column("about", String, nullable=False, server_default=""),  # the order a return gives back
    Column("occurred_at", _TIME, nullable=False),
    Column("recorded_at", _TIME, nullable=False),
    Index("stock_movement_open", "sku", "location_id", postgresql_where=text("units <> shown")),
    Index("stock_movement_about", "about", postgresql_where=text("about <> ''")),
)

shared_stock = Table(  # one shelf that two platforms count: the units on it that can be sold
    "shared_stock",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),  # whose shelf it is
    Column("units", Integer, nullable=False),
    Column("settled_at", _TIME, nullable=False),
    Column("buffer", Integer),  # units of it the mirror was not told of when it was settled
)

shared_count = Table(  # one platform's count of a shared shelf, as far as it is in `shared_stock`
    "shared_count",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),  # the shelf itself, or its mirror
    Column("counted", Integer, nullable=False),
    Column("writes", Integer, nullable=False, server_default="0"),
    Column("pending", String, nullable=False, server_default=""),  # the action that may be changing it just now
    Column("wrote_at", _TIME),
    Column("stale", Integer, nullable=False, server_default="0"),  # writes the platform refused: it had moved
    Column("unsure", Integer, nullable=False, server_default="0"),  # writes nobody can tell the end of
)

sync_job = Table(  # shelves somebody has to look at; a job, however often it is asked for, is done once
    "sync_job",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),
    Column("due_at", _TIME, nullable=False),
    Column("since", _TIME, nullable=False),
    Column("asked", BigInteger, nullable=False, server_default="1"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("claimed_until", _TIME),
    Column("error", String, nullable=False, server_default=""),
    Index("sync_job_due", "due_at"),
)

reservation = Table(  # units of a shelf promised to a basket or cart that is not paid yet
    "reservation",
    metadata,
    Column("basket", String, primary_key=True),  # as the till or the shop system of that side names it
    Column("sku", String, primary_key=True),
    Column("location_id", String, nullable=False),  # the shelf
    Column("side", String, primary_key=True),  # where it will be rung up: every other count is lower by it meanwhile
    Column("units", Integer, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    CheckConstraint("units > 0", name="reservation_units"),
    Index("reservation_open", "sku", "location_id", postgresql_where=text("ended_at IS NULL")),
)

oversell = Table(  # more was sold than there is, with what may be done about it
    "oversell",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("sku", String, nullable=False),
    Column("location_id", String, nullable=False),  # the shelf
    Column("units", Integer, nullable=False),
    Column("orders", JSONB, nullable=False),
    Column("remedies", JSONB, nullable=False),  # the proposed one first
    Column("late", Boolean, nullable=False),
    Column("found_at", _TIME, nullable=False),
    Column("settled_at", _TIME),
    Column("settled_by", String, nullable=False, server_default=""),
    Column("remedy", String, nullable=False, server_default=""),
    Column("filled_at", _TIME),  # when the shelf was first seen at nothing or above afterwards
    Index(
        "oversell_answered",
        "sku",
        "location_id",
        postgresql_where=text("settled_at IS NOT NULL AND filled_at IS NULL"),
    ),
    Index("oversell_open", "sku", "location_id", unique=True, postgresql_where=text("settled_at IS NULL")),
)

stock_oddity = Table(  # what a platform told that cannot be so; kept, and nobody is blocked by it
    "stock_oddity",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("kind", String, nullable=False),
    Column("about", String, nullable=False),
    Column("told", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("first_at", _TIME, nullable=False),
    Column("last_at", _TIME, nullable=False),
    UniqueConstraint("kind", "about"),
)
