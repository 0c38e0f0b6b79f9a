"""The schema of measuring offers: what was withheld, how buyers answered, and what was planned beforehand."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, String, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from knowledge.store.identity_tables import metadata

_TIME = DateTime(timezone=True)

withheld = Table(  # offers that were worth making and were not made, because a draw said so
    "withheld",
    metadata,
    Column("occasion", String, primary_key=True),  # of its states, the first that counts
    Column("campaign", String, nullable=False),
    Column("location_id", String, nullable=False),
    Column("customer_ref", String),
    Column("transaction", String, nullable=False),
    Column("sku", String, nullable=False),  # of the offer it would have been
    Column("choice", JSONB, nullable=False),  # the arms, the number and the arm, as a proposal's evidence has them
    Column("at", _TIME, nullable=False),
    Index("withheld_by_time", "at"),
    Index("withheld_by_customer", "customer_ref", postgresql_where=text("customer_ref IS NOT NULL")),
)

offer_answer = Table(  # how each kind of buyer answered each percentage, counted by `knowledge.offers.answers`
    "offer_answer",
    metadata,
    Column("kind", String, primary_key=True),
    Column("form", String, primary_key=True, server_default="single"),  # from the shelf, a pair, or sent home
    Column("percent_bp", Integer, primary_key=True),  # 0: nothing was said
    Column("band", Integer, primary_key=True),  # of the predicted chance, 0 the unlikeliest
    Column("occasions", BigInteger, nullable=False),
    Column("expected_ppm", BigInteger, nullable=False),  # purchases predicted, in millionths
    Column("bought", BigInteger, nullable=False),
    Column("counted_at", _TIME, nullable=False),
)

measurement = Table(  # what was fixed before a campaign was measured; never changed afterwards
    "measurement",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("plan", Text, nullable=False),  # canonical JSON: exactly what was hashed
    Column("digest", String(64), nullable=False),
    Column("begins", _TIME, nullable=False),
    Column("planned_by", String, nullable=False),
)
