"""Baskets named by their side, buffers beside their shelves, and when shelves were filled after an oversell."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UP = (
    # tills of two shops, and a till and a web shop, give their baskets the same names
    "ALTER TABLE reservation DROP CONSTRAINT reservation_pkey, ADD PRIMARY KEY (basket, sku, side)",
    "ALTER TABLE shared_stock ADD COLUMN buffer INTEGER",  # not known yet: each shelf is looked at once
    "ALTER TABLE oversell ADD COLUMN filled_at TIMESTAMP WITH TIME ZONE",
    "UPDATE oversell SET filled_at = settled_at",  # what is missing still was told of again, and stands open
    """
    CREATE INDEX oversell_answered ON oversell (sku, location_id)
    WHERE settled_at IS NOT NULL AND filled_at IS NULL
    """,
)
_DOWN = (
    # of baskets of one name the last is kept
    """
    DELETE FROM reservation USING reservation AS other
    WHERE reservation.basket = other.basket AND reservation.sku = other.sku
      AND (reservation.expires_at, reservation.side) < (other.expires_at, other.side)
    """,
    "ALTER TABLE reservation DROP CONSTRAINT reservation_pkey, ADD PRIMARY KEY (basket, sku)",
    "ALTER TABLE oversell DROP COLUMN filled_at",
    "ALTER TABLE shared_stock DROP COLUMN buffer",
)


def upgrade() -> None:
    """Change them."""
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    """Change them back."""
    for statement in _DOWN:
        op.execute(statement)
