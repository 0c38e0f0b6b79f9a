"""The schema of the registers' extension: which register stands where, who signs in at one, PINs, and baskets."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, String, Table

from knowledge.store.words_tables import metadata

_TIME = DateTime(timezone=True)

pos_register = Table(  # a register as its platform numbers it, and the location the retailer says it stands in
    "pos_register",
    metadata,
    Column("device", String, primary_key=True),
    Column("location_id", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", _TIME, nullable=False),
)

pos_person = Table(  # who a platform's user is here; what they may do, their credential says
    "pos_person",
    metadata,
    Column("subject", String, primary_key=True),
    Column("actor_id", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", _TIME, nullable=False),
)

pos_pin = Table(  # a manager's PIN, as a salted slow hash under a key that is not in the database
    "pos_pin",
    metadata,
    Column("actor_id", String, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", _TIME, nullable=False),
)

pos_attempt = Table(  # wrong PINs since the last right one
    "pos_attempt",
    metadata,
    Column("scope", String, primary_key=True),  # register, manager
    Column("name", String, primary_key=True),
    Column("wrong", Integer, nullable=False),
    Column("locked_until", _TIME),
)

pos_basket = Table(  # the newest state of a basket that was asked about; an answer about an older one is none
    "pos_basket",
    metadata,
    Column("device", String, primary_key=True),
    Column("basket", String, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of what that revision said
    Column("at", _TIME, nullable=False, index=True),
)
