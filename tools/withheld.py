"""Offers that a draw withheld, kept once each with a record in the ledger: what was not said is evidence too."""

import json

from sqlalchemy import text

from knowledge.offers.drawing import Withheld
from knowledge.store.session import Database
from tools.audit.entry import Entry
from tools.audit.ledger import append

_KEEP = text(
    """
    INSERT INTO withheld (occasion, campaign, location_id, customer_ref, transaction, sku, choice, at)
    VALUES (:occasion, :campaign, :location, :customer, :transaction, :sku, CAST(:choice AS jsonb), :at)
    ON CONFLICT DO NOTHING RETURNING occasion
    """
)


async def keep_withheld(database: Database, one: Withheld) -> bool:
    """Keep one; false when it was kept before."""
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
