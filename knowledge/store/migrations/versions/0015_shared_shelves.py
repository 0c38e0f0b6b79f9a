"""A basket's name is unique at one side of a shelf only: tills of two shops, and a till and a web shop, count alike."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UP = ("ALTER TABLE reservation DROP CONSTRAINT reservation_pkey, ADD PRIMARY KEY (basket, sku, side)",)
_DOWN = (
    # of baskets of one name the last is kept
    """
    DELETE FROM reservation USING reservation AS other
    WHERE reservation.basket = other.basket AND reservation.sku = other.sku
      AND (reservation.expires_at, reservation.side) < (other.expires_at, other.side)
    """,
    "ALTER TABLE reservation DROP CONSTRAINT reservation_pkey, ADD PRIMARY KEY (basket, sku)",
)


def upgrade() -> None:
    """Change the key."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Change it back."""
    for statement in _DOWN:
        op.execute(statement)
