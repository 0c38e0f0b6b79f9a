"""What people settled of counts that disagreed and what a fix would add, and what a retailer says of moving goods."""

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
    op.execute(
        """
        CREATE TABLE lane (
            origin VARCHAR NOT NULL,
            destination VARCHAR NOT NULL,
            cost BIGINT,
            packs INTEGER,
            lead_days INTEGER,
            forbidden BOOLEAN,
            PRIMARY KEY (origin, destination),
            CONSTRAINT lane_sense CHECK (cost >= 0 AND packs >= 0 AND lead_days >= 0)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE transfer_pack (
            sku VARCHAR PRIMARY KEY,
            units INTEGER NOT NULL,
            CONSTRAINT transfer_pack_sense CHECK (units > 0)
        )
        """
    )


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE transfer_pack")
    op.execute("DROP TABLE lane")
    op.execute("DROP TABLE settlement")
    op.execute("ALTER TABLE discrepancy DROP COLUMN fix_units")
