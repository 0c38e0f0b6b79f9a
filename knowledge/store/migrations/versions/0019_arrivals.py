"""Who came into a shop lately is asked for with every look at its floor."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Find the few that tell of it among all events."""
    op.execute(
        "CREATE INDEX event_presence ON event (lane, occurred_at) WHERE topic IN ('check_in', 'loyalty.scanned')"
    )


def downgrade() -> None:
    """They are read among all events again."""
    op.execute("DROP INDEX event_presence")
