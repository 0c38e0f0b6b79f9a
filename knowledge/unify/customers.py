"""Customers: consent and totals as platforms tell them, and what each lately looked at."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.events.families import CustomerFacts, InterestFacts
from knowledge.store.connection import Connection
from knowledge.unify.columns import write_rows
from policies.vocabulary.ids import CustomerRef

# Reconciliation rule: the newest telling of consent wins; totals only ever grow, for a platform also counts orders from
# before we listened, and we also count orders of the other platform.
_CUSTOMER = text(
    """
    UPDATE customer SET
        consent_email = coalesce(row.consent_email, customer.consent_email),
        consent_sms = coalesce(row.consent_sms, customer.consent_sms),
        consent_email_at = coalesce(row.consent_email_at, customer.consent_email_at),
        consent_sms_at = coalesce(row.consent_sms_at, customer.consent_sms_at),
        orders = greatest(customer.orders, row.orders), spent = greatest(customer.spent, row.spent),
        observed_at = greatest(customer.observed_at, row.at), told_at = row.at
    FROM unnest(CAST(:ref AS text[]), CAST(:consent_email AS bool[]), CAST(:consent_sms AS bool[]),
                CAST(:consent_email_at AS timestamptz[]), CAST(:consent_sms_at AS timestamptz[]),
                CAST(:orders AS int[]), CAST(:spent AS bigint[]), CAST(:at AS timestamptz[]))
      AS row(ref, consent_email, consent_sms, consent_email_at, consent_sms_at, orders, spent, at)
    WHERE customer.ref = row.ref
    """
)
_SEEN = text("SELECT ref, told_at FROM customer WHERE ref = ANY(CAST(:refs AS text[])) ORDER BY ref FOR UPDATE")
_STOP = text(
    """
    INSERT INTO message_stop (customer_ref, channel, at) SELECT ref, :channel, :at FROM customer WHERE ref = :ref
    ON CONFLICT (customer_ref, channel) DO NOTHING
    """
)
_INTEREST = text(
    """
    INSERT INTO interest (customer_ref, sku, kind, at)
    SELECT * FROM unnest(CAST(:customer_ref AS text[]), CAST(:sku AS text[]), CAST(:kind AS text[]),
                         CAST(:at AS timestamptz[]))
    ON CONFLICT (customer_ref, sku, kind) DO UPDATE SET at = greatest(interest.at, excluded.at)
    """
)


async def apply_customers(
    connection: Connection, events: Sequence[Event], customers: Mapping[str, CustomerRef]
) -> set[str]:
    """Store consent and totals; returns ids of events older than the last telling."""
    told = [(event, customers[event.id]) for event in events if event.id in customers]
    if not told:
        return set()
    refs = sorted({ref for _, ref in told})
    seen = {row.ref: row.told_at for row in await connection.execute(_SEEN, {"refs": refs})}
    stale: set[str] = set()
    rows: dict[str, dict[str, object]] = {}
    for event, ref in told:
        at = seen.get(ref)
        if at is not None and event.occurred_at < at:
            stale.add(event.id)
            continue
        seen[ref] = event.occurred_at
        facts = CustomerFacts.model_validate(event.facts)
        earlier = rows.get(ref, {})
        rows[ref] = {
            "ref": ref,
            **_consent("consent_email", facts.consent_email, event, earlier),
            **_consent("consent_sms", facts.consent_sms, event, earlier),
            "orders": facts.orders or 0,
            "spent": facts.spent or 0,
            "at": event.occurred_at,
        }
    await write_rows(connection, _CUSTOMER, (rows[ref] for ref in sorted(rows)))
    return stale


def stop_messages(connection: Connection, customer: str, channel: str, at: datetime) -> None:
    """Keep, with what is sent next, that a customer told the provider to send nothing over a channel.

    A platform that tells of consent again does not lift it: it may never have heard of the stop.
    """
    connection.post(_STOP, {"ref": customer, "channel": channel, "at": at})


async def apply_interest(connection: Connection, events: Sequence[Event], customers: Mapping[str, CustomerRef]) -> None:
    """Remember what known customers looked at or carted; an anonymous look is forgotten."""
    latest: dict[tuple[str, str, str], object] = {}
    for event in events:
        ref = customers.get(event.id)
        if ref is None:
            continue
        facts = InterestFacts.model_validate(event.facts)
        for sku in facts.skus:
            latest[(ref, sku, facts.kind)] = event.occurred_at
    rows = (
        {"customer_ref": ref, "sku": sku, "kind": kind, "at": at}
        for (ref, sku, kind), at in sorted(latest.items(), key=lambda item: item[0])
    )
    await write_rows(connection, _INTEREST, rows)


def _consent(name: str, told: bool | None, event: Event, earlier: Mapping[str, object]) -> dict[str, object]:
    """A consent and when it was told; what a record does not mention stays as it was, and as old."""
    if told is None:
        return {name: earlier.get(name), f"{name}_at": earlier.get(f"{name}_at")}
    return {name: told, f"{name}_at": event.occurred_at}
