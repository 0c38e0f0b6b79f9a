"""How far each import of a retailer's history has come."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = """
    CREATE TABLE history_import (
        id VARCHAR PRIMARY KEY,
        source VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        place JSONB NOT NULL,
        rows BIGINT DEFAULT 0 NOT NULL,
        taken BIGINT DEFAULT 0 NOT NULL,
        known BIGINT DEFAULT 0 NOT NULL,
        rejected BIGINT DEFAULT 0 NOT NULL,
        whole BOOLEAN DEFAULT false NOT NULL,
        began_at TIMESTAMP WITH TIME ZONE NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL
    )
"""


def upgrade() -> None:
    """Add it."""
    op.execute(_TABLE)


def downgrade() -> None:
    """Take it away again."""
    op.execute("DROP TABLE history_import")
