"""Offers that were withheld, how buyers answer offers, and measurements as they were planned."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE withheld (
        occasion VARCHAR NOT NULL PRIMARY KEY,
        campaign VARCHAR NOT NULL,
        location_id VARCHAR NOT NULL,
        customer_ref VARCHAR,
        transaction VARCHAR NOT NULL,
        sku VARCHAR NOT NULL,
        choice JSONB NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL
    )
    """,
    "CREATE INDEX withheld_by_time ON withheld (at)",
    "CREATE INDEX withheld_by_customer ON withheld (customer_ref) WHERE customer_ref IS NOT NULL",
    "CREATE INDEX purchase_by_transaction ON purchase (transaction) WHERE transaction <> ''",
    """
    CREATE TABLE offer_answer (
        kind VARCHAR NOT NULL,
        percent_bp INTEGER NOT NULL,
        band INTEGER NOT NULL,
        occasions BIGINT NOT NULL,
        expected_ppm BIGINT NOT NULL,
        bought BIGINT NOT NULL,
        counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (kind, percent_bp, band)
    )
    """,
    """
    CREATE TABLE measurement (
        campaign VARCHAR NOT NULL PRIMARY KEY,
        plan TEXT NOT NULL,
        digest VARCHAR(64) NOT NULL,
        begins TIMESTAMP WITH TIME ZONE NOT NULL,
        planned_by VARCHAR NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Add them."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE measurement")
    op.execute("DROP TABLE offer_answer")
    op.execute("DROP INDEX purchase_by_transaction")
    op.execute("DROP TABLE withheld")
