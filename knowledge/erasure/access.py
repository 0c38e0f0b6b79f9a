"""Everything kept of one customer, in one JSON document, for the customer: the law's right of access."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from knowledge.erasure.request import find_customers
from knowledge.store.connection import Connection
from knowledge.vault.person import Person
from knowledge.vault.vault import Vault
from policies.errors import NotFound
from policies.vocabulary.ids import CustomerRef

_KEPT: Final[Mapping[str, str]] = {
    "profile": "SELECT * FROM customer WHERE ref = :ref",
    "known_by": "SELECT kind, count(*) AS match_keys FROM match_key WHERE ref = :ref GROUP BY kind ORDER BY kind",
    "purchases": """
        SELECT purchase.*, (SELECT jsonb_agg(to_jsonb(line) - 'purchase_id' ORDER BY line.sku)
                            FROM purchase_line AS line WHERE line.purchase_id = purchase.id) AS lines
        FROM purchase WHERE customer_ref = :ref ORDER BY occurred_at
    """,
    "interest": "SELECT sku, kind, at FROM interest WHERE customer_ref = :ref ORDER BY at",
    "wishlist": "SELECT skus, at FROM wishlist WHERE customer_ref = :ref",
    "tickets": "SELECT ticket, state, subject, opened_at, at FROM ticket WHERE customer_ref = :ref ORDER BY at",
    "links": """
        SELECT says, basis, agreed, at FROM customer_link WHERE :ref IN (one, other) ORDER BY id
    """,
    "offers": """
        SELECT id, kind, location_id, facts, verdict, state, created_at FROM action
        WHERE facts ->> 'customer' = :ref ORDER BY created_at
    """,
    "offers_withheld": "SELECT campaign, location_id, sku, at FROM withheld WHERE customer_ref = :ref ORDER BY at",
    "ledger": "SELECT count(*) AS records FROM ledger_name WHERE ref = :ref",
}


async def access(connection: Connection, vault: Vault, person: Person, at: datetime) -> dict[str, Any]:
    """The document.

    Args:
        connection: To read from.
        vault: For what is kept by name.
        person: Who asks, by any identifier.
        at: Now.

    Raises:
        NotFound: Nobody is known by these identifiers.
    """
    refs = await find_customers(connection, vault, "access", person)
    if not refs:
        raise NotFound(
            "Nobody is known by these identifiers.",
            code="customer.unknown",
            hint="Try another one: an e-mail address, a phone number, a loyalty id.",
        )
    records = await vault.read(connection, refs)
    customers = [
        {
            "customer": ref,
            "by_name": dict(records[ref].person.values) if ref in records else {},
            **{name: await _rows(connection, question, ref) for name, question in _KEPT.items()},
        }
        for ref in refs
    ]
    return {"made_at": at.isoformat(), "customers": customers}


async def _rows(connection: Connection, question: str, ref: CustomerRef) -> list[dict[str, Any]]:
    rows = (await connection.execute(text(question), {"ref": ref})).mappings()
    return [json.loads(json.dumps(dict(row), default=str)) for row in rows]
