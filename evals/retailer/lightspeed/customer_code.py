"""The customer code: the loyalty id, or for those without one what X-Series makes up from the name."""

from evals.retailer.world import Person


def code_of(person: Person) -> str:
    """Such as "CUST_456", or "Ada-1F3C"."""
    return person.loyalty_id or f"{person.first_name or 'UNNAMED'}-{person.lightspeed_id[:4].upper()}"
