"""What Shopify says of search fields it does not know: it ignores them and warns in `extensions.search`."""

from evals.retailer.shopify.matching import Fields, unknown_fields
from evals.retailer.shopify.shop import Call


def note_unknown_fields(call: Call, query: str | None, fields: Fields) -> None:
    """Add a warning for each field of the query that the list does not know."""
    for field in unknown_fields(query, fields):
        warning = {"field": field, "message": "Invalid search field for this query."}
        call.search_warnings.append({"query": query, "warnings": [warning]})
