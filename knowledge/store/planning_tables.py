"""The schema of planning: forecasts, what planners know better, who supplies what, and counts that disagree."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    String,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from knowledge.store.measure_tables import metadata

_TIME = DateTime(timezone=True)

forecast_run = Table(  # one row: the forecast that is kept, and how far demand strays from it
    "forecast_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("made_at", _TIME, nullable=False),
    Column("first_day", String(10), nullable=False),  # ISO date
    Column("spread", JSONB, nullable=False),
)

forecast = Table(
    "forecast",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),
    Column("mean", ARRAY(Float), nullable=False),  # units a day
    Column("level", Float, nullable=False),  # of the sku, everywhere, on a plain day
    Column("share", Float, nullable=False),  # of the location
    Column("weekdays", ARRAY(Float), nullable=False),  # Monday first
    Column("trend", Float, nullable=False),
    Column("events", ARRAY(Float)),  # factors by day; NULL: none known
)

known_event = Table(  # promotions, closed days and what else planners know will change sales
    "known_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("sku", String, nullable=False),  # "": all
    Column("location_id", String, nullable=False),  # "": everywhere
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("percent", Integer, nullable=False),  # of ordinary sales: 150 is half as much again, 0 is closed
    Column("reason", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", _TIME, nullable=False),
    CheckConstraint("first_day <= last_day AND percent >= 0", name="known_event_sense"),
)

promotion = Table(  # of the retailer's calendar, as told
    "promotion",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("sku", String, nullable=False),  # "": by category
    Column("category", String, nullable=False),  # "" too: all
    Column("location_id", String, nullable=False),  # "": by channel
    Column("channel", String, nullable=False),  # "" too: everywhere
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("percent", Integer),  # off
    Column("price", BigInteger),  # of one unit then, minor units
    Column("currency", String(3), nullable=False),
    CheckConstraint(
        "first_day <= last_day AND (percent IS NULL) <> (price IS NULL)",
        name="promotion_sense",
    ),
    Index("promotion_by_sku", "sku", "last_day"),
)

forecast_override = Table(  # a change of a forecast by hand; what came of it is measured when it has ended
    "forecast_override",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("sku", String, nullable=False),
    Column("location_id", String, nullable=False),
    Column("percent", Integer, nullable=False),  # added to the forecast
    Column("cause", String, nullable=False, server_default="other"),
    Column("reason", String, nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("said", Float, nullable=False),  # units the forecast alone said for these days
    Column("made_by", String, nullable=False),
    Column("made_at", _TIME, nullable=False),
    Column("action_id", String, unique=True),  # that wrote it; NULL: older than such actions
    Column("cancelled_at", _TIME),
    Column("sold", Integer),  # in its days, when it was measured
    Column("measured_at", _TIME),
    CheckConstraint("percent BETWEEN -30 AND 30 AND first_day <= last_day", name="forecast_override_bounds"),
    Index("forecast_override_by_spot", "sku", "location_id", "last_day"),
)

night_note = Table(  # what the night noticed, in words, and what was proposed of it; written whole, once a night
    "night_note",
    metadata,
    Column("night", String(10), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("cause", String, nullable=False),
    Column("sku", String, nullable=False),  # "": of none alone
    Column("location_id", String, nullable=False),  # "": of none alone
    Column("percent", Integer, nullable=False),  # proposed; 0: nothing is
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("figures", JSONB, nullable=False),  # the core's, by name
    Column("words", String, nullable=False),
    Column("model", String, nullable=False),  # that wrote them, and its prompt; "": the house's own
    Column("action_id", String, nullable=False),  # of the proposal; "" while there is none
    Column("at", _TIME, nullable=False),
)

lane = Table(  # what the retailer says of moving goods; "*": any location; NULL: as a wider row says it, or a constant
    "lane",
    metadata,
    Column("origin", String, primary_key=True),
    Column("destination", String, primary_key=True),
    Column("cost", BigInteger),  # of a pack, minor units
    Column("packs", Integer),  # a night
    Column("lead_days", Integer),
    Column("forbidden", Boolean),
    CheckConstraint("cost >= 0 AND packs >= 0 AND lead_days >= 0", name="lane_sense"),
)

transfer_pack = Table(  # units that go together when an article is moved; one where there is no row
    "transfer_pack",
    metadata,
    Column("sku", String, primary_key=True),
    Column("units", Integer, nullable=False),
    CheckConstraint("units > 0", name="transfer_pack_sense"),
)

supplier = Table(
    "supplier",
    metadata,
    Column("vendor", String, primary_key=True),  # as the catalog names it
    Column("lead_days", Integer, nullable=False),
    Column("review_days", Integer, nullable=False),  # between two orders
    Column("pack", Integer, nullable=False),  # units
    Column("minimum", BigInteger, nullable=False),  # of an order's value, minor units
    CheckConstraint("lead_days >= 0 AND review_days > 0 AND pack > 0 AND minimum >= 0", name="supplier_sense"),
)

discrepancy = Table(  # counts that differ from a platform's at the last look; those seen once are not told yet
    "discrepancy",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),
    Column("ours", Integer, nullable=False),
    Column("theirs", Integer, nullable=False),
    Column("money", BigInteger, nullable=False),  # at cost, minor units
    Column("currency", String(3), nullable=False),
    Column("since", _TIME, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("difference", Integer, nullable=False, server_default="0"),  # ours less theirs, lines that may come apart
    Column("cause", String, nullable=False, server_default=""),  # with the two below, once it is told
    Column("fix", String, nullable=False, server_default=""),
    Column("documents", ARRAY(String), nullable=False, server_default="{}"),
    Column("fix_units", Integer),  # what the fix adds to the platform's count; NULL: the shelf is counted first
)

settlement = Table(  # of a discrepancy, by a person; what was recorded of its cell until it was begun is told no more
    "settlement",
    metadata,
    Column("action_id", String, primary_key=True),
    Column("sku", String, nullable=False),
    Column("location_id", String, nullable=False),
    Column("since", _TIME, nullable=False),  # of the discrepancy
    Column("begun_at", _TIME, nullable=False),
    Column("untold", Integer, nullable=False),  # the platform's count less the one we had heard of
    Column("discrepancy", JSONB, nullable=False),  # as it stood, to stand again if this is taken back
    Column("closed_at", _TIME),
    Column("reopened_at", _TIME),
    Index(
        "settlement_once",
        "sku",
        "location_id",
        "since",
        unique=True,
        postgresql_where=text("reopened_at IS NULL"),
    ),
)
