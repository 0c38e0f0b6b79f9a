"""When a platform last told of each consent, and who wants no messages over a channel."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # what was told before is not known to be about consent, so it counts as never told
    "ALTER TABLE customer ADD COLUMN consent_email_at TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE customer ADD COLUMN consent_sms_at TIMESTAMP WITH TIME ZONE",
    """
    CREATE TABLE message_stop (
        customer_ref VARCHAR NOT NULL,
        channel VARCHAR NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (customer_ref, channel)
    )
    """,
)


def upgrade() -> None:
    """Add them."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE message_stop")
    op.execute("ALTER TABLE customer DROP COLUMN consent_sms_at")
    op.execute("ALTER TABLE customer DROP COLUMN consent_email_at")
