"""Overrides are actions of the guard: which wrote each, why as a code, when it was ended, and what sold in its days.

What the night noticed, and said of it, is kept until nobody can ask for it any more.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE forecast_override
        ADD COLUMN cause VARCHAR NOT NULL DEFAULT 'other',
        ADD COLUMN action_id VARCHAR UNIQUE,
        ADD COLUMN cancelled_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN sold INTEGER,
        ADD COLUMN measured_at TIMESTAMP WITH TIME ZONE
    """,
    """
    CREATE TABLE night_note (
        night VARCHAR(10) NOT NULL,
        rank INTEGER NOT NULL,
        cause VARCHAR NOT NULL,
        sku VARCHAR NOT NULL,
        location_id VARCHAR NOT NULL,
        percent INTEGER NOT NULL,
        first_day VARCHAR(10) NOT NULL,
        last_day VARCHAR(10) NOT NULL,
        figures JSONB NOT NULL,
        words VARCHAR NOT NULL,
        model VARCHAR NOT NULL,
        action_id VARCHAR NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (night, rank)
    )
    """,
)


def upgrade() -> None:
    """Add them."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE night_note")
    op.execute(
        "ALTER TABLE forecast_override DROP COLUMN cause, DROP COLUMN action_id, DROP COLUMN cancelled_at,"
        " DROP COLUMN sold, DROP COLUMN measured_at"
    )
