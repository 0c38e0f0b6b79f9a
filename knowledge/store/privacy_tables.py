"""The schema of keeping customers private: what is sealed, who was erased, and what was asked and done about it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from knowledge.store.governance_tables import metadata

_TIME = DateTime(timezone=True)

vault_subject = Table(  # one customer's raw data under a key of their own; that key under the chain's
    "vault_subject",
    metadata,
    Column("ref", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),  # the customer's key; whoever destroys it destroys the rest
    Column("sealed", LargeBinary, nullable=False),
    Column("changed_at", _TIME, nullable=False),
)

vault_arrival = Table(  # raw data of an event that nobody has handled yet: whose it is, is known only then
    "vault_arrival",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", _TIME, nullable=False),
)

tombstone = Table(  # identifiers of erased customers, hashed under a key used for nothing else
    "tombstone",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("at", _TIME, nullable=False),
)

ledger_name = Table(  # what opens the commitments in the ledger; without its row nobody can say who was meant
    "ledger_name",
    metadata,
    Column("name", String, primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("ref", String, nullable=False, index=True),
)

privacy_request = Table(
    "privacy_request",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # erase, shop, access
    Column("source", String, nullable=False),  # shopify, cli
    Column("delivery", String, nullable=False, unique=True),  # the same request told twice is one
    Column("asked_by", String, nullable=False),
    Column("asked_at", _TIME, nullable=False),
    Column("due_at", _TIME, nullable=False),
    Column("subject", LargeBinary),  # whom it is about, sealed; gone once it is done
    Column("refs", ARRAY(String), nullable=False, server_default="{}"),  # empty again once it is done
    Column("done_at", _TIME),
    Column("shredded_at", _TIME),  # the keys of its time are destroyed: no backup tells of the customer any more
    Column("receipt", Text),  # canonical JSON: exactly what was hashed
    Column("digest", String(64)),
    Index("privacy_request_open", "asked_at", postgresql_where=text("done_at IS NULL")),
)

privacy_step = Table(
    "privacy_step",
    metadata,
    Column("request_id", String, ForeignKey("privacy_request.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("step", String, nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("at", _TIME, nullable=False),
)

cohort_state = Table(  # one row: which release of the groups of customers stands
    "cohort_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("turn", BigInteger, nullable=False),  # grows with every change; whoever worked on an older one begins again
    Column("number", Integer, nullable=False),  # of the release
    Column("slot", BigInteger, nullable=False),  # of the fixed schedule it was made for
    Column("vectors", String, nullable=False),  # LanceDB's table
    Column("at", _TIME),
)

cohort = Table(  # groups of at least k customers; nothing in it is about one of them
    "cohort",
    metadata,
    Column("name", String, primary_key=True),
    Column("id", String(12), nullable=False, unique=True),
    Column("traits", JSONB, nullable=False),
    Column("figures", JSONB, nullable=False),
    Column("sentence", String, nullable=False),
    Column("made", Integer, nullable=False),  # the release whose figures still stand
    Column("stale", Boolean, nullable=False, server_default="false"),  # a member was erased since
)

cohort_member = Table(  # whom a group's figures were made from; never leaves the database
    "cohort_member",
    metadata,
    Column("name", String, ForeignKey("cohort.name", ondelete="CASCADE"), primary_key=True),
    Column("ref", String, primary_key=True, index=True),
)

privacy_count = Table(  # what went where, counted where it went
    "privacy_count",
    metadata,
    Column("day", String(10), primary_key=True),  # ISO date, UTC
    Column("sink", String, primary_key=True),
    Column("what", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

privacy_receipt = Table(  # a day's counts as an auditor is handed them
    "privacy_receipt",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("receipt", Text, nullable=False),  # canonical JSON: exactly what was hashed
    Column("digest", String(64), nullable=False),
    Column("ledger_seq", BigInteger, nullable=False),  # the record that holds the digest
    Column("made_at", _TIME, nullable=False),
)
