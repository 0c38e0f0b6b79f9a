"""What people settled of counts that disagreed, and what the proposed fix would add to a platform's count."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; what stands is told without a figure until it is looked at anew."""
    op.execute("ALTER TABLE discrepancy ADD COLUMN fix_units INTEGER")
    op.execute(
        """
        CREATE TABLE settlement (
            action_id VARCHAR PRIMARY KEY,
            sku VARCHAR NOT NULL,
            location_id VARCHAR NOT NULL,
            since TIMESTAMP WITH TIME ZONE NOT NULL,
            begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
            untold INTEGER NOT NULL,
            discrepancy JSONB NOT NULL,
            closed_at TIMESTAMP WITH TIME ZONE,
            reopened_at TIMESTAMP WITH TIME ZONE
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX settlement_once ON settlement (sku, location_id, since) WHERE reopened_at IS NULL")


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE settlement")
    op.execute("ALTER TABLE discrepancy DROP COLUMN fix_units")
