"""The promotions a retailer planned, as its calendar has them."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.execute(
        """
        CREATE TABLE promotion (
            id VARCHAR PRIMARY KEY,
            name VARCHAR NOT NULL,
            sku VARCHAR NOT NULL,
            category VARCHAR NOT NULL,
            location_id VARCHAR NOT NULL,
            channel VARCHAR NOT NULL,
            first_day VARCHAR(10) NOT NULL,
            last_day VARCHAR(10) NOT NULL,
            percent INTEGER,
            price BIGINT,
            currency VARCHAR(3) NOT NULL,
            CONSTRAINT promotion_sense CHECK (first_day <= last_day AND (percent IS NULL) <> (price IS NULL))
        )
        """
    )


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE promotion")
