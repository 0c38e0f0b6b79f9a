"""Offers that a draw withheld, one for each occasion, with a record in the ledger: what was not said is evidence too.

Of the states of one basket the first that counts is kept, as of one that was offered something: one that was kept
before anything was worth offering gives way to it, in whichever order they arrive here.
"""

import json

from sqlalchemy import text

from knowledge.offers.drawing import Withheld
from knowledge.offers.turns import standing
from knowledge.profile.complaints import Hushed
from knowledge.store.session import Database
from tools.audit.entry import Entry
from tools.audit.ledger import append

_KEEP = text(
    f"""
    INSERT INTO withheld (occasion, campaign, location_id, customer_ref, transaction, sku, choice, at)
    VALUES (:occasion, :campaign, :location, :customer, :transaction, :sku, CAST(:choice AS jsonb), :at)
    ON CONFLICT (occasion) DO UPDATE
    SET customer_ref = excluded.customer_ref, sku = excluded.sku, choice = excluded.choice, at = excluded.at
    WHERE ({standing("excluded")}, withheld.at) > ({standing("withheld")}, excluded.at)
    RETURNING occasion
    """  # noqa: S608  # our own texts
)


_HUSHED = text(
    """
    SELECT 1 FROM ledger WHERE correlation_id = :story AND kind = 'note'
      AND CAST(entry AS jsonb) -> 'body' ->> 'sentence' = :sentence LIMIT 1
    """
)


async def keep_hushed(database: Database, one: Hushed) -> bool:
    """Record once a sale why nothing was offered during it; false when that is on record."""
    async with database.transaction() as connection:
        told = {"story": one.story, "sentence": one.sentence}
        if (await connection.execute(_HUSHED, told)).one_or_none() is not None:
            return False
        body = {"actor": "specialist:offers", "causation": one.causation, "sentence": one.sentence}
        await append(connection, [Entry("note", one.at, body, correlation=one.story)])
    return True


async def keep_withheld(database: Database, one: Withheld) -> bool:
    """Keep one; false when what is kept of its occasion is what counts."""
    row = {
        "occasion": one.occasion,
        "campaign": one.campaign,
        "location": one.location,
        "customer": one.customer,
        "transaction": one.transaction,
        "sku": one.sku,
        "choice": json.dumps(one.choice),
        "at": one.at,
    }
    async with database.transaction() as connection:
        if (await connection.execute(_KEEP, row)).rowcount == 0:
            return False
        body = {
            "choice": one.choice,
            "location": one.location,
            "customer": one.customer,
            "transaction": one.transaction,
        }
        await append(connection, [Entry("withheld", one.at, body, correlation=one.correlation)])
    return True
