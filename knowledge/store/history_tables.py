"""The schema of importing: how far each import has come, so that one that was cut off goes on where it was."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, String, Table
from sqlalchemy.dialects.postgresql import JSONB

from knowledge.store.stock_tables import metadata

_TIME = DateTime(timezone=True)

history_import = Table(
    "history_import",
    metadata,
    Column("id", String, primary_key=True),  # what is imported: of a file the digest, of a platform its stream
    Column("source", String, nullable=False),  # file, shopify, lightspeed
    Column("kind", String, nullable=False),  # products, customers, stock, orders, returns, promotions
    Column("place", JSONB, nullable=False),  # where to go on
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("taken", BigInteger, nullable=False, server_default="0"),  # told something new
    Column("known", BigInteger, nullable=False, server_default="0"),  # told what was known
    Column("rejected", BigInteger, nullable=False, server_default="0"),
    Column("whole", Boolean, nullable=False, server_default="false"),
    Column("began_at", _TIME, nullable=False),
    Column("at", _TIME, nullable=False),  # of the last batch
)
