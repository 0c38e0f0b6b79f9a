"""The schema of words: lines a model wrote beforehand, which say nothing of anybody."""

from sqlalchemy import Column, DateTime, String, Table

from knowledge.store.planning_tables import metadata

_TIME = DateTime(timezone=True)

kept_line = Table(
    "kept_line",
    metadata,
    Column("kind", String, primary_key=True),  # of buyer
    Column("sku", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("version", String, nullable=False),  # of the product's title and price
    Column("model", String, nullable=False),  # its name and its prompt's digest
    Column("text", String, nullable=False),  # with {percent} where the percentage goes; "" when it was refused
    Column("refused", String, nullable=False),  # why the model's line is not used; "" when it is
    Column("written_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
)
