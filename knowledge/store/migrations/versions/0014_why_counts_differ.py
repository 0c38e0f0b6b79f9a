"""Why two counts differ is kept with the difference; changes without a reason are found without reading all others."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE discrepancy
        ADD COLUMN difference INTEGER NOT NULL DEFAULT 0,
        ADD COLUMN cause VARCHAR NOT NULL DEFAULT '',
        ADD COLUMN fix VARCHAR NOT NULL DEFAULT '',
        ADD COLUMN documents VARCHAR[] NOT NULL DEFAULT '{}'
    """,
    "UPDATE discrepancy SET difference = ours - theirs, looks = 1, told = FALSE",
    """
    CREATE INDEX stock_change_unexplained ON stock_change (location_id, recorded_at)
    WHERE cause IN ('correction', 'count')
    """,
)


def upgrade() -> None:
    """Add them; what was told without a reason is told again with one."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP INDEX stock_change_unexplained")
    op.execute(
        "ALTER TABLE discrepancy DROP COLUMN difference, DROP COLUMN cause, DROP COLUMN fix, DROP COLUMN documents"
    )
