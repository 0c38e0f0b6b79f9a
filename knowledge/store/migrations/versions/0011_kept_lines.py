"""Lines a model wrote beforehand, and answers by form of offer."""

from alembic import op

revision = "0011"
down_revision = "0010"
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
    # counted anew every night: what is there is of offers from the shelf
    op.execute("ALTER TABLE offer_answer ADD COLUMN form VARCHAR NOT NULL DEFAULT 'single'")
    op.execute("ALTER TABLE offer_answer DROP CONSTRAINT offer_answer_pkey")
    op.execute("ALTER TABLE offer_answer ADD PRIMARY KEY (kind, form, percent_bp, band)")


def downgrade() -> None:
    """Take them away again."""
    op.execute("DELETE FROM offer_answer WHERE form <> 'single'")
    op.execute("ALTER TABLE offer_answer DROP CONSTRAINT offer_answer_pkey")
    op.execute("ALTER TABLE offer_answer DROP COLUMN form")
    op.execute("ALTER TABLE offer_answer ADD PRIMARY KEY (kind, percent_bp, band)")
    op.execute("DROP TABLE kept_line")
