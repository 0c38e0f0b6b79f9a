"""The registers' extension: registers, who signs in at them, PINs and wrong ones, and the newest state of baskets."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE pos_register (
        device VARCHAR NOT NULL PRIMARY KEY,
        location_id VARCHAR NOT NULL,
        made_by VARCHAR NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL
    )
    """,
    """
    CREATE TABLE pos_person (
        subject VARCHAR NOT NULL PRIMARY KEY,
        actor_id VARCHAR NOT NULL,
        made_by VARCHAR NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL
    )
    """,
    """
    CREATE TABLE pos_pin (
        actor_id VARCHAR NOT NULL PRIMARY KEY,
        salt BYTEA NOT NULL,
        digest BYTEA NOT NULL,
        made_by VARCHAR NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL
    )
    """,
    """
    CREATE TABLE pos_attempt (
        scope VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        wrong INTEGER NOT NULL,
        locked_until TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (scope, name)
    )
    """,
    """
    CREATE TABLE pos_basket (
        device VARCHAR NOT NULL,
        basket VARCHAR NOT NULL,
        revision BIGINT NOT NULL,
        fingerprint VARCHAR(64) NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (device, basket)
    )
    """,
    "CREATE INDEX ix_pos_basket_at ON pos_basket (at)",
)


def upgrade() -> None:
    """Add them."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    for table in ("pos_basket", "pos_attempt", "pos_pin", "pos_person", "pos_register"):
        op.execute(f"DROP TABLE {table}")
