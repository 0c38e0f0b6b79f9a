"""A filled store grown tenfold inside the database: each customer and what they bought nine times more.

To bring a million customers in by events takes an hour; how large tables and indexes are is all a register notices of
customers who are not at it. Those asked about are the ones that came by events.
"""

from typing import Final

import psycopg

_ROUNDS: Final = 9
_CUSTOMERS: Final = """
    INSERT INTO customer
    SELECT ref || %(name)s, orders, spent, first_order_at, last_order_at, consent_email, consent_sms,
           consent_email_at, consent_sms_at, told_at, observed_at
    FROM customer WHERE ref !~ '#'
"""
_KEYS: Final = """
    INSERT INTO match_key (kind, digest, ref)
    SELECT kind, left(encode(sha256((digest || %(name)s)::bytea), 'hex'), 32), ref || %(name)s
    FROM match_key WHERE ref !~ '#'
"""
_PURCHASES: Final = """
    INSERT INTO purchase (id, channel, location_id, customer_ref, occurred_at, received_at, version, total, currency,
                          codes, cancelled, fulfilled)
    SELECT id || %(name)s, channel, location_id, customer_ref || %(name)s, occurred_at, received_at, version, total,
           currency, codes, cancelled, fulfilled
    FROM purchase WHERE id !~ '#' AND customer_ref IS NOT NULL
"""
_LINES: Final = """
    INSERT INTO purchase_line (purchase_id, sku, quantity, unit_price, discount, returned)
    SELECT purchase_id || %(name)s, sku, quantity, unit_price, discount, returned
    FROM purchase_line JOIN purchase ON purchase.id = purchase_id
    WHERE purchase_id !~ '#' AND customer_ref IS NOT NULL
"""


def grow(url: str) -> int:
    """Ten times the customers; how many there are now.

    Args:
        url: Of the database; this waits for minutes, longer than the product's own connections would.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for turn in range(_ROUNDS):
            for copy in (_CUSTOMERS, _KEYS, _PURCHASES, _LINES):
                connection.execute(copy, {"name": f"#{turn}"})
        connection.execute("VACUUM ANALYZE")
        row = connection.execute("SELECT count(*) FROM customer").fetchone()
    return row[0] if row else 0
