"""The one schema. Times are UTC, money is minor units, JSON holds no personal data."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
_TIME = DateTime(timezone=True)

# --- what the retailer has -------------------------------------------------------------------------------------------

location = Table(
    "location",
    metadata,
    Column("id", String, primary_key=True),  # the retailer's own code
    Column("name", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("platform_id", String, nullable=False),
    Column("kind", String, nullable=False),  # warehouse, shop, online
    Column("region", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("country", String(2), nullable=False, server_default=""),  # of phone numbers told there without a code
    Column("stock_location", String, nullable=False),  # whose shelves it sells from: itself, but for the online shop
    Column("mirrors", String, nullable=False, server_default=""),  # whose goods this one counts too, elsewhere
    Column("buffer", Integer, nullable=False, server_default="0"),  # units a mirror is never told of
    Column("buffers", JSONB, nullable=False, server_default="{}"),  # the same by category, where it differs
    UniqueConstraint("platform", "platform_id", "kind"),
)

variant = Table(
    "variant",
    metadata,
    Column("sku", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("product", String, nullable=False),
    Column("vendor", String, nullable=False, server_default=""),
    Column("category", String, nullable=False, server_default=""),
    Column("tags", ARRAY(String), nullable=False, server_default="{}"),
    Column("description", Text, nullable=False, server_default=""),
    Column("price", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("unit_cost", BigInteger),  # NULL: the retailer never recorded it
    Column("shopify_item", String, unique=True),  # "shopify:InventoryItem:123"
    Column("shopify_variant", String, unique=True),
    Column("lightspeed_product", String, unique=True),
    Column("observed_at", _TIME, nullable=False),
    Column("changed_at", _TIME),  # at its platform, when it told the newest of the above
)

inventory_level = Table(
    "inventory_level",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),
    Column("available", Integer, nullable=False),
    Column("on_hand", Integer),
    Column("committed", Integer),
    Column("incoming", Integer),
    Column("version", String, nullable=False, server_default=""),
    Column(
        "others_version", String, nullable=False, server_default=""
    ),  # of the newest that told more than `available`
    Column("observed_at", _TIME, nullable=False),
    Column("counted", Integer),  # where no platform counts: the last count, and when it was taken
    Column("counted_at", _TIME),
    Index("inventory_level_by_location", "location_id", "sku"),
)

customer = Table(
    "customer",
    metadata,
    Column("ref", String, primary_key=True),
    Column("orders", Integer, nullable=False, server_default="0"),
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("first_order_at", _TIME),
    Column("last_order_at", _TIME),
    Column("consent_email", Boolean, nullable=False, server_default="false"),
    Column("consent_sms", Boolean, nullable=False, server_default="false"),
    Column("consent_email_at", _TIME),  # when a platform last told of it, be it yes or no
    Column("consent_sms_at", _TIME),
    Column("told_at", _TIME),  # of the newest customer record a platform sent
    Column("observed_at", _TIME, nullable=False),
)

message_stop = Table(
    "message_stop",
    metadata,
    Column("customer_ref", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("at", _TIME, nullable=False),
)

match_key = Table(
    "match_key",
    metadata,
    Column("kind", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("ref", String, ForeignKey("customer.ref"), nullable=False, index=True),
)

# named "purchase" because "order" is a reserved word in SQL
purchase = Table(
    "purchase",
    metadata,
    Column("id", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("location_id", String, nullable=False),
    Column("customer_ref", String),
    Column("occurred_at", _TIME, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("version", String, nullable=False, server_default=""),
    Column("total", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("codes", ARRAY(String), nullable=False, server_default="{}"),
    Column("transaction", String, nullable=False, server_default=""),
    Column("pickup_location", String, nullable=False, server_default=""),
    Column("cancelled", Boolean, nullable=False, server_default="false"),
    Column("fulfilled", Boolean, nullable=False, server_default="false"),
    Index("purchase_by_customer", "customer_ref", "occurred_at"),
    Index("purchase_by_time", "occurred_at"),
    Index("purchase_by_transaction", "transaction", postgresql_where=text("transaction <> ''")),
    Index("purchase_codes", "codes", postgresql_using="gin", postgresql_where=text("codes <> '{}'")),
)

purchase_line = Table(
    "purchase_line",
    metadata,
    Column("purchase_id", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False, server_default="0"),
    Column("returned", Integer, nullable=False, server_default="0"),
)

daily_sale = Table(  # units sold per variant, location and local day: what velocity is computed from
    "daily_sale",
    metadata,
    Column("sku", String, primary_key=True),
    Column("location_id", String, primary_key=True),
    Column("day", String(10), primary_key=True),  # ISO date
    Column("units", Integer, nullable=False),
    Column("returned", Integer, nullable=False, server_default="0"),
)

interest = Table(  # the latest look and cart per customer and variant
    "interest",
    metadata,
    Column("customer_ref", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("kind", String, primary_key=True),  # view, cart
    Column("at", _TIME, nullable=False),
)

wishlist = Table(  # each customer's whole list as it was told last
    "wishlist",
    metadata,
    Column("customer_ref", String, primary_key=True),
    Column("skus", ARRAY(String), nullable=False),  # the newest wish first
    Column("at", _TIME, nullable=False),
)

ticket = Table(  # the help desk's, without a word of what was written there
    "ticket",
    metadata,
    Column("ticket", String, primary_key=True),
    Column("customer_ref", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("subject", String, nullable=False),  # the retailer's code
    Column("opened_at", _TIME, nullable=False),
    Column("at", _TIME, nullable=False),
    CheckConstraint("state in ('open', 'closed')", name="ticket_state"),
)

companion = Table(  # what is bought together, counted by `knowledge.offers.companions`
    "companion",
    metadata,
    Column("sku", String, primary_key=True),
    Column("other", String, primary_key=True),
    Column("together", Integer, nullable=False),
    Column("lift", Integer, nullable=False),  # basis points: 10000 means no more often than by chance
    Column("counted_at", _TIME, nullable=False),
)

next_item_model = Table(  # one row: what a basket lacks, learned by `knowledge.offers.lacking`
    "next_item_model",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("trained_at", _TIME, nullable=False),
    Column("baskets", Integer, nullable=False),
    Column("skus", ARRAY(String), nullable=False),  # the best sold first: its rows
    Column("parts", LargeBinary, nullable=False),  # its arrays, as numpy writes them
)

# --- what happened ---------------------------------------------------------------------------------------------------

event = Table(
    "event",
    metadata,
    Column("seq", BigInteger, Identity(), primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("delivery", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("occurred_at", _TIME, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("correlation_id", String, nullable=False, index=True),
    Column("resource", String, nullable=False, server_default=""),
    Column("version", String, nullable=False, server_default=""),
    Column("facts", JSONB, nullable=False),
    Column("state", String, nullable=False, server_default="pending"),  # pending, handled, dead, parked
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", String, nullable=False, server_default=""),
    Column("applied_at", _TIME),  # counted in the tables above, once, whatever happens after
    Column("handled_at", _TIME),
    Column("sealed", LargeBinary),  # the body of a parked event, encrypted
    UniqueConstraint("source", "delivery"),
    CheckConstraint("state in ('pending', 'handled', 'dead', 'parked')", name="event_state"),
    Index("event_by_resource", "resource", postgresql_where=text("resource <> ''")),
    Index("event_pending", "lane", "seq", postgresql_where=text("state = 'pending'")),
    Index(
        "event_presence",
        "lane",
        "occurred_at",
        postgresql_where=text("topic IN ('check_in', 'loyalty.scanned')"),
    ),
    Index("event_set_aside", "state", "seq", postgresql_where=text("state in ('dead', 'parked')")),
)

absorbed = Table(  # duplicates are counted, not stored
    "absorbed",
    metadata,
    Column("source", String, primary_key=True),
    Column("reason", String, primary_key=True),  # duplicate, stale, late
    Column("count", BigInteger, nullable=False, server_default="0"),
)

poll_cursor = Table(
    "poll_cursor",
    metadata,
    Column("platform", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("cursor", String, nullable=False),
    Column("at", _TIME, nullable=False),
)

# --- what was decided ------------------------------------------------------------------------------------------------

action = Table(
    "action",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("location_id", String, nullable=False),
    Column("actor_id", String, nullable=False),
    Column("actor", JSONB, nullable=False),
    Column("idempotency_key", String, nullable=False),
    Column(
        "fingerprint", String(64), nullable=False
    ),  # of the action's facts: the same key with other facts is refused
    Column("facts", JSONB, nullable=False),
    Column("proposal", JSONB, nullable=False),  # who proposes, why, on what evidence
    Column("correlation_id", String, nullable=False, index=True),
    Column("causation_id", String, nullable=False),  # the event or call it follows from
    Column("situation", JSONB, nullable=False),
    Column("verdict", JSONB, nullable=False),
    Column("state", String, nullable=False),
    Column("money", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", _TIME, nullable=False),
    Column("claimed_until", _TIME),  # while a worker carries it out
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", String, nullable=False, server_default=""),
    Column("receipt", JSONB),
    Column("settled_at", _TIME),
    Column("undoes", String, ForeignKey("action.id")),
    Column("supersedes", String, ForeignKey("action.id")),  # the waiting one that this took the place of
    UniqueConstraint("actor_id", "idempotency_key"),
    CheckConstraint(
        "state in ('denied', 'waiting', 'rejected', 'expired', 'allowed', 'executing', 'executed', 'failed', 'undone')",
        name="action_state",
    ),
    Index("action_open", "state", "created_at", postgresql_where=text("state in ('waiting', 'allowed', 'executing')")),
    Index("action_discount_code", text("(facts ->> 'code')"), postgresql_where=text("kind = 'discount'")),
    Index("action_transaction", text("(facts ->> 'transaction')"), postgresql_where=text("kind = 'discount'")),
    Index("action_undoes", "undoes", postgresql_where=text("undoes IS NOT NULL")),
    Index("action_supersedes", "supersedes", unique=True, postgresql_where=text("supersedes IS NOT NULL")),
    Index("action_by_actor", "actor_id", "created_at"),
    Index("action_by_time", "created_at", postgresql_using="brin"),  # written in this order, and asked for by the day
    Index("action_campaign", text("(facts ->> 'campaign')"), postgresql_where=text("facts ? 'campaign'")),
)

promise = Table(  # running totals that caps look at; rows are locked while a decision is made
    "promise",
    metadata,
    Column("scope", String, primary_key=True),  # transaction, customer_day, location_day
    Column("key", String, primary_key=True),
    Column("total", BigInteger, nullable=False, server_default="0"),
)

approval = Table(
    "approval",
    metadata,
    Column("id", String, primary_key=True),
    Column("action_id", String, ForeignKey("action.id"), nullable=False, unique=True),
    Column("needs", String, nullable=False),  # confirm, approve, approve_two
    Column("location_id", String, nullable=False),
    Column("asked_of", String, nullable=False, server_default=""),  # confirm: the actor who must say yes again
    Column("fingerprint", String(64), nullable=False),  # of the action's and the situation's facts together
    Column("state", String, nullable=False, server_default="waiting"),  # waiting, approved, rejected, expired
    Column("asked_at", _TIME, nullable=False),
    Column("expires_at", _TIME, nullable=False),
    Column("decided_by", String, nullable=False, server_default=""),
    Column("decided_at", _TIME),
    Column("note", String, nullable=False, server_default=""),
    Column("first_by", String, nullable=False, server_default=""),  # approve_two: the first of the two
    Column("first_at", _TIME),
    CheckConstraint("state in ('waiting', 'approved', 'rejected', 'expired')", name="approval_state"),
    Index("approval_waiting", "expires_at", postgresql_where=text("state = 'waiting'")),
    Index("approval_asked", "asked_at"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", _TIME, nullable=False),
    Column("kind", String, nullable=False),
    Column("action_id", String, nullable=False, server_default="", index=True),
    Column("correlation_id", String, nullable=False, server_default="", index=True),
    Column("entry", Text, nullable=False),  # canonical JSON: exactly what was hashed
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ledger_at", "at", postgresql_using="brin"),
)

ledger_head = Table(  # one row, locked while entries are added
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

# --- who may come in -------------------------------------------------------------------------------------------------

credential = Table(
    "credential",
    metadata,
    Column("digest", String(64), primary_key=True),  # of the key; the key itself is shown once and never kept
    Column("actor_id", String, nullable=False, index=True),
    Column("role", String, nullable=False),
    Column("locations", ARRAY(String)),  # NULL: every location
    Column("model", Boolean, nullable=False, server_default="false"),
    Column("on_behalf_of", String, nullable=False, server_default=""),  # the person whose own key bounds this one
    Column("toolsets", ARRAY(String)),  # NULL: all of the role's
    Column("created_at", _TIME, nullable=False),
    Column("expires_at", _TIME),
    Column("revoked_at", _TIME),
)

platform_token = Table(  # rotating refresh tokens, encrypted under the installation's key
    "platform_token",
    metadata,
    Column("platform", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", _TIME, nullable=False),
)
