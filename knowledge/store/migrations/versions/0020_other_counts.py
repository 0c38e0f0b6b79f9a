"""Of which version the counts beside what can be sold are: a platform may tell them less often."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; what is kept is as new as the rest of its level."""
    op.execute("ALTER TABLE inventory_level ADD COLUMN others_version VARCHAR NOT NULL DEFAULT ''")
    op.execute(
        "UPDATE inventory_level SET others_version = version WHERE coalesce(on_hand, committed, incoming) IS NOT NULL"
    )


def downgrade() -> None:
    """Take it away again."""
    op.execute("ALTER TABLE inventory_level DROP COLUMN others_version")
