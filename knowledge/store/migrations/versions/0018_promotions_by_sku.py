"""Promotions found by their goods, for the guard asks about those of every discount."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them."""
    op.execute("CREATE INDEX promotion_by_sku ON promotion (sku, last_day)")


def downgrade() -> None:
    """Take the index away again."""
    op.execute("DROP INDEX promotion_by_sku")
