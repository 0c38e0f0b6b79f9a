"""Every occasion on which an offer was worth making, whether it was made or withheld: the log that is learned from.

A basket that was told again after each change is one occasion, and the first state of it that counts is what it was
about: what was drawn later depends on what was said before. The same state counts whether its offer was made, withheld
by the draw, or withheld from a held-out customer, so that those compared were taken in alike.
"""

from typing import Final


def standing(row: str) -> str:
    """Which of an occasion's states is what it was about, as a number in SQL; the first of the highest is.

    First comes one at which the buyer was known; then one at which a best offer was worth making, or at which the
    number fell on what is tried for want of one. Being held out does not enter: of who is held out the number says what
    they would have been offered.

    Args:
        row: The name of a relation with `customer_ref`, and `choice` as evidence has it.
    """
    return f"""(CASE WHEN {row}.customer_ref IS NOT NULL THEN 2 ELSE 0 END
        + CASE WHEN {row}.choice -> 'arms' @> '[{{"arm": "lead"}}]'
            OR CAST({row}.choice ->> 'number' AS int) >= CAST({row}.choice -> 'arms' -> 0 ->> 'bp' AS int)
          THEN 1 ELSE 0 END)"""


# Who proposes says first what they say; a person who carries that through as their own for less makes the same turn.
# An occasion may have begun before the time asked for, and then it belongs to the time before.
TURNS: Final = f"""
    turn AS (
        SELECT first.occasion, first.choice, coalesce(linked.identity, first.customer_ref) AS customer_ref,
               first.transaction, first.location_id, first.sku, first.at, first.made, first.codes FROM (
        SELECT DISTINCT ON (occasion) *, array_remove(array_agg(code) OVER (PARTITION BY occasion), '') AS codes FROM (
        SELECT proposal -> 'evidence' -> 'choice' ->> 'occasion' AS occasion,
               proposal -> 'evidence' -> 'choice' AS choice,
               nullif(facts ->> 'customer', '') AS customer_ref,
               facts ->> 'transaction' AS transaction, location_id, facts -> 'skus' ->> 0 AS sku,
               facts ->> 'code' AS code, created_at AS at, EXISTS (
                   SELECT 1 FROM action AS given
                   WHERE (given.id = action.id OR given.supersedes = action.id)
                     AND given.state IN ('allowed', 'executing', 'executed', 'undone')
                     AND given.proposal -> 'evidence' -> 'choice' = action.proposal -> 'evidence' -> 'choice') AS made
        FROM action
        WHERE kind = 'discount' AND created_at >= :since - interval '2 days' AND created_at < :until
          AND proposal -> 'evidence' ? 'choice'
        UNION ALL
        SELECT occasion, choice, customer_ref, transaction, location_id, sku, '', at, true
        FROM withheld WHERE at >= :since - interval '2 days' AND at < :until
        ) AS state ORDER BY occasion, {standing("state")} DESC, at, made DESC
        ) AS first LEFT JOIN customer_identity AS linked ON linked.ref = first.customer_ref
        WHERE first.at >= :since
    )
"""  # noqa: S608  # our own texts
"""A common table expression with parameters `since` and `until`; `made` is false where the guard kept an offer back,
`codes` are all that were proposed on the occasion, and `customer_ref` is what the person goes by now."""

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
        FROM turn CROSS JOIN unnest(turn.codes) AS given(proposed)
        JOIN purchase ON purchase.codes @> ARRAY[CAST(given.proposed AS varchar)] AND purchase.codes <> '{}'
        WHERE NOT purchase.cancelled
          AND purchase.occurred_at >= turn.at - interval '10 minutes'
          AND purchase.occurred_at < turn.at + make_interval(days => :days)
        UNION
        SELECT turn.occasion, purchase.id, purchase.occurred_at
        FROM turn CROSS JOIN LATERAL (
            SELECT turn.customer_ref AS ref
            UNION SELECT ref FROM customer_identity WHERE identity = turn.customer_ref) AS record
        JOIN purchase ON purchase.customer_ref = record.ref
        WHERE NOT purchase.cancelled AND purchase.occurred_at >= turn.at - interval '10 minutes'
          AND purchase.occurred_at < turn.at + make_interval(days => :days)
    )
"""
"""The purchases that followed an occasion within `days`; to be written after `turn`."""
