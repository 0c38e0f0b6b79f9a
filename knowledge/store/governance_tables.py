"""The schema of governing AI: how far it may go where, what is stopped, what is reviewed, what callers wait for."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, Integer, String, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from knowledge.store.tables import metadata

_TIME = DateTime(timezone=True)

rung = Table(  # how far agents may go with one kind of action at one place; the most particular row counts
    "rung",
    metadata,
    Column("capability", String, primary_key=True),  # an action's kind
    Column("location_id", String, primary_key=True),  # "" for the chain
    Column("rung", String, nullable=False),  # observe, suggest, approve, auto
    Column("set_by", String, nullable=False),
    Column("set_at", _TIME, nullable=False),
    Column("reason", String, nullable=False),
    Column("evidence", JSONB, nullable=False),
)

halt = Table(  # a stop switch that was thrown; lifted ones stay, for whoever asks later
    "halt",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("scope", String, nullable=False),  # agent, location, all
    Column("name", String, nullable=False, server_default=""),  # of the agent or location
    Column("reason", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("set_at", _TIME, nullable=False),
    Column("lifted_by", String, nullable=False, server_default=""),
    Column("lifted_at", _TIME),
    Index("halt_in_force", "scope", "name", unique=True, postgresql_where=text("lifted_at IS NULL")),
)

task = Table(  # an action somebody at the MCP door waits for; its status is the action's own
    "task",
    metadata,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),  # the actor; anybody else finds nothing
    Column("tool", String, nullable=False),
    Column("action_id", String, ForeignKey("action.id"), nullable=False, unique=True),  # asked twice: the same task
    Column("made_at", _TIME, nullable=False),
    Column("keep_until", _TIME, nullable=False, index=True),
    Column("cancelled_at", _TIME),
    Column("told_at", _TIME),  # when its owner first heard how it ended
)

review = Table(  # a week's report as it was when the teams looked at it
    "review",
    metadata,
    Column("week", String(8), primary_key=True),  # ISO: 2026-W47
    Column("report", Text, nullable=False),  # canonical JSON: exactly what was hashed and signed
    Column("digest", String(64), nullable=False),
    Column("made_at", _TIME, nullable=False),
)

review_signature = Table(
    "review_signature",
    metadata,
    Column("week", String(8), ForeignKey("review.week"), primary_key=True),
    Column("team", String, primary_key=True),
    Column("digest", String(64), nullable=False),  # of the report that was signed
    Column("signed_by", String, nullable=False),
    Column("signed_at", _TIME, nullable=False),
    Column("note", String, nullable=False, server_default=""),
)

signed_out = Table(  # people whose OAuth tokens count only when issued later; keys have `revoked_at`
    "signed_out",
    metadata,
    Column("subject", String, primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("by", String, nullable=False),
)

outcome = Table(  # what became of an action outside: a row for each kind of thing that did, told once or often
    "outcome",
    metadata,
    Column("action_id", String, ForeignKey("action.id"), primary_key=True),
    Column("kind", String, primary_key=True),  # shown, applied, dismissed, redeemed; accepted, given_back
    Column("source", String, primary_key=True),  # the order, the return, or the register's telling
    Column("order_id", String, nullable=False, server_default=""),
    Column("at", _TIME, nullable=False),  # when it happened
    Column("minor", BigInteger),  # money taken off, or given back; NULL where nobody told
    Column("currency", String(3), nullable=False),
    Column("flags", ARRAY(String), nullable=False, server_default="{}"),
    Column("recorded_at", _TIME, nullable=False),
    Index("outcome_by_order", "order_id", postgresql_where=text("order_id <> ''")),
)

undo_batch = Table(  # many actions taken back together, over as many hours and processes as it needs
    "undo_batch",
    metadata,
    Column("id", String, primary_key=True),
    Column("scope", JSONB, nullable=False),
    Column("asked_by", JSONB, nullable=False),
    Column("actor", JSONB),  # the person it is done for; NULL until one says yes
    Column("reason", String, nullable=False),
    Column("correlation_id", String, nullable=False),
    Column("state", String, nullable=False),  # asked, open, done, declined
    Column("more", Integer, nullable=False, server_default="0"),  # actions of the scope that did not fit
    Column("made_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),  # an asked one that nobody starts by then is declined
    Column("not_before", _TIME, nullable=False),  # somebody works on it until then, or it waits for what it waits for
    Column("settled_at", _TIME),
    Index("undo_batch_open", "not_before", postgresql_where=text("state in ('asked', 'open')")),
)

undo_item = Table(
    "undo_item",
    metadata,
    Column("batch_id", String, ForeignKey("undo_batch.id"), primary_key=True),
    Column("action_id", String, ForeignKey("action.id"), primary_key=True),
    Column("place", Integer, nullable=False),  # newest action first
    Column("fate", String, nullable=False, server_default=""),  # "" until it is known
    Column("undo_id", String, nullable=False, server_default=""),
    Column("why", String, nullable=False, server_default=""),
    Column("left_minor", BigInteger, nullable=False, server_default="0"),
    Index("undo_item_by_action", "action_id"),
)

ruleset = Table(  # every set of rules that ever decided here, so that any decision can be judged again under its own
    "ruleset",
    metadata,
    Column("digest", String(64), primary_key=True),  # as a verdict names it
    Column("rules", Text, nullable=False),  # canonical JSON: file name to text
    Column("schema", Text, nullable=False),
    Column("limits", Text, nullable=False),
    Column("seen_at", _TIME, nullable=False),
)
