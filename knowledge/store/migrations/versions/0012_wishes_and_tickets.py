"""What a customer wishes for, and what they wait for an answer to."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE wishlist (
        customer_ref VARCHAR PRIMARY KEY,
        skus VARCHAR[] NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL
    )
    """,
    """
    CREATE TABLE ticket (
        ticket VARCHAR PRIMARY KEY,
        customer_ref VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        subject VARCHAR NOT NULL,
        opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT ticket_state CHECK (state in ('open', 'closed'))
    )
    """,
    "CREATE INDEX ix_ticket_customer_ref ON ticket (customer_ref)",
)


def upgrade() -> None:
    """Add them."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TABLE wishlist, ticket")
