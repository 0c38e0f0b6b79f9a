"""Every occasion on which an offer was worth making, whether it was made or withheld: the log that is learned from.

A basket that was told again after each change is one occasion, and what was decided on it last is what it was about.
"""

from typing import Final

TURNS: Final = """
    turn AS (
        SELECT DISTINCT ON (occasion) * FROM (
        SELECT proposal -> 'evidence' -> 'choice' ->> 'occasion' AS occasion,
               proposal -> 'evidence' -> 'choice' AS choice, facts ->> 'customer' AS customer_ref,
               facts ->> 'transaction' AS transaction, location_id, facts -> 'skus' ->> 0 AS sku,
               facts ->> 'code' AS code,
               created_at AS at, state IN ('allowed', 'executing', 'executed', 'undone') AS made, money
        FROM action
        WHERE kind = 'discount' AND created_at >= :since AND created_at < :until
          AND proposal -> 'evidence' ? 'choice'
        UNION ALL
        SELECT occasion, choice, customer_ref, transaction, location_id, sku, '', at, true, 0
        FROM withheld WHERE at >= :since AND at < :until
        ) AS every ORDER BY occasion, at DESC, made
    )
"""
"""A common table expression with parameters `since` and `until`; `made` is false where the guard kept an offer back."""

# A basket's purchase names its transaction; a customer's later ones name the customer, and a stranger's order of what
# is sent home names the code. Registers' clocks run a little before ours. One occasion may meet several purchases.
MET: Final = """
    met AS (
        SELECT turn.occasion, purchase.id AS purchase_id, purchase.occurred_at
        FROM turn JOIN purchase ON purchase.transaction = turn.transaction AND purchase.transaction <> ''
         AND purchase.location_id = turn.location_id
        WHERE NOT purchase.cancelled AND purchase.occurred_at >= turn.at - interval '10 minutes'
          AND purchase.occurred_at < turn.at + make_interval(days => :days)
        UNION
        SELECT turn.occasion, purchase.id, purchase.occurred_at
        FROM turn JOIN purchase ON purchase.codes @> ARRAY[CAST(turn.code AS varchar)] AND purchase.codes <> '{}'
        WHERE turn.code <> '' AND NOT purchase.cancelled
          AND purchase.occurred_at >= turn.at - interval '10 minutes'
          AND purchase.occurred_at < turn.at + make_interval(days => :days)
        UNION
        SELECT turn.occasion, purchase.id, purchase.occurred_at
        FROM turn JOIN purchase ON purchase.customer_ref = turn.customer_ref
        WHERE NOT purchase.cancelled AND purchase.occurred_at >= turn.at - interval '10 minutes'
          AND purchase.occurred_at < turn.at + make_interval(days => :days)
    )
"""
"""The purchases that followed an occasion within `days`; to be written after `turn`."""
