"""A link the linker is certain of, and that is not in force before the guard allowed it."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_DROP = "ALTER TABLE customer_link DROP CONSTRAINT customer_link_says"
_CHECK = "ALTER TABLE customer_link ADD CONSTRAINT customer_link_says CHECK (says in ({}))"


def upgrade() -> None:
    """Let it be told."""
    op.execute(_DROP)
    op.execute(_CHECK.format("'link', 'certain', 'ask', 'apart'"))


def downgrade() -> None:
    """What waits to be allowed is told as a question again."""
    op.execute(_DROP)
    op.execute("UPDATE customer_link SET says = 'ask' WHERE says = 'certain'")
    op.execute(_CHECK.format("'link', 'ask', 'apart'"))
