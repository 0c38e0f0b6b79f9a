"""The schema of recognizing customers: who was linked with whom and why, and who counts as one person."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, String, Table
from sqlalchemy.dialects.postgresql import ARRAY

from knowledge.store.privacy_tables import metadata

_TIME = DateTime(timezone=True)

customer_link = Table(  # history: nothing is changed, the newest row of a pair is what holds
    "customer_link",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("one", String, nullable=False),
    Column("other", String, nullable=False),
    Column("says", String, nullable=False),  # link, certain (until it is allowed), ask (a person has to look), apart
    Column("basis", String, nullable=False),  # person, hard_key, probable
    Column("bits", Integer, nullable=False, server_default="0"),  # hundredths
    Column("agreed", ARRAY(String), nullable=False, server_default="{}"),  # names of fields
    Column("model", String, nullable=False, server_default=""),
    Column("by", String, nullable=False),
    Column("at", _TIME, nullable=False),
    CheckConstraint("one < other", name="customer_link_order"),
    CheckConstraint("says in ('link', 'certain', 'ask', 'apart')", name="customer_link_says"),
    CheckConstraint("basis in ('person', 'hard_key', 'probable')", name="customer_link_basis"),
    Index("customer_link_pair", "one", "other", "id"),
    Index("customer_link_other", "other"),
)

customer_identity = Table(  # who is one person now, made from the links; who is linked with nobody is not here
    "customer_identity",
    metadata,
    Column("ref", String, primary_key=True),
    Column("identity", String, nullable=False, index=True),  # the reference the person goes by
)

linking_state = Table(  # one row: until when customers were compared, and by which weights
    "linking_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("until", _TIME, nullable=False),
    Column("model", String, nullable=False),
)
