"""Lines a model wrote beforehand."""

from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None

_LINES = """
    CREATE TABLE kept_line (
        kind VARCHAR NOT NULL,
        sku VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        version VARCHAR NOT NULL,
        model VARCHAR NOT NULL,
        text VARCHAR NOT NULL,
        refused VARCHAR NOT NULL,
        written_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (kind, sku, reason)
    )
    """


def upgrade() -> None:
    """Add them."""
    op.execute(_LINES)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE kept_line")
