"""Who may do what, row by row: the table that the running product is held against.

A tool, address, prompt, page or door that has no row here fails the matrix test, and so does a row that nothing stands
behind any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from policies.vocabulary.actor import Role

NOBODY: Final = frozenset[Role]()
FLOOR: Final = frozenset({Role.ASSOCIATE, Role.MANAGER})
STOCK: Final = FLOOR | {Role.PLANNER, Role.AUDITOR, Role.OPERATOR}
PRODUCTS: Final = STOCK | {Role.MARKETING}
ORDERS: Final = FLOOR | {Role.FRAUD_ANALYST}
OVERSIGHT: Final = frozenset({Role.MANAGER, Role.AUDITOR, Role.OPERATOR})
DECISIONS: Final = OVERSIGHT | {Role.FRAUD_ANALYST, Role.MARKETING}
MARKETING: Final = frozenset({Role.MARKETING})
MOVES_STOCK: Final = frozenset({Role.MANAGER, Role.PLANNER})
PLANS: Final = frozenset({Role.PLANNER, Role.OPERATOR})
MANAGER: Final = frozenset({Role.MANAGER})
OPERATOR: Final = frozenset({Role.OPERATOR})
LADDER: Final = OVERSIGHT | {Role.PLANNER, Role.MARKETING}
STOPS: Final = frozenset({Role.MANAGER, Role.OPERATOR})
MEASURING: Final = frozenset({Role.MARKETING, Role.AUDITOR, Role.OPERATOR})
REVIEW: Final = OVERSIGHT | {Role.MARKETING}
COHORTS: Final = frozenset({Role.MANAGER, Role.PLANNER, Role.MARKETING, Role.FRAUD_ANALYST})
PEOPLE: Final = frozenset(role for role in Role if role.person)


@dataclass(frozen=True, slots=True)
class Things:
    """What there is at one location to ask about."""

    place: str
    order: str
    action: str
    approval: str
    sku: str
    customer: str

    def nowhere(self) -> "Things":
        """The same question about what does not exist; names are as long as real ones."""
        return Things(
            self.place,
            _changed(self.order),
            _changed(self.action),
            _changed(self.approval),
            self.sku,
            _changed(self.customer),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One tool or address.

    Attributes:
        roles: Who sees it.
        asked: Arguments, or the address, for what there is at a location.
        outside: What a caller of another location is told: a rule's code, or "unknown" for what reads exactly like a
            thing that does not exist; "" for what belongs to no location.
    """

    roles: frozenset[Role]
    asked: Callable[[Things], Any]
    outside: str = ""


_WRITE: Final[Mapping[str, Any]] = {
    "idempotency_key": "matrix-test-1",
    "reason": "A row of the matrix",
    "dry_run": True,
}
_OUTSIDE: Final = "access.outside_locations"

TOOLS: Final[Mapping[str, Row]] = {
    "search_products": Row(PRODUCTS, lambda at: {"text": "shirt", "location_id": at.place}, _OUTSIDE),
    "check_inventory": Row(STOCK, lambda at: {"sku": at.sku, "location_id": at.place}, _OUTSIDE),
    "read_plan": Row(PLANS, lambda at: {"view": "forecast", "sku": at.sku, "location_id": at.place}, _OUTSIDE),
    "find_policy": Row(PEOPLE - MANAGER, lambda _: {"text": "return without receipt"}),
    "find_customer": Row(FLOOR, lambda _: {"loyalty_id": "CUST_0"}),
    "get_order": Row(ORDERS, lambda at: {"order_id": at.order}, "unknown"),
    "propose_discount": Row(
        FLOOR,
        lambda at: {
            **_WRITE,
            "location_id": at.place,
            "transaction": "matrix-1",
            "skus": [at.sku],
            "percent": 5,
        },
        _OUTSIDE,
    ),
    "propose_message": Row(
        MARKETING,
        lambda at: {
            **_WRITE,
            "location_id": at.place,
            "customer": at.customer,
            "channel": "sms",
            "purpose": "marketing",
            "text": "The new coats are here. Reply STOP to stop.",
        },
        _OUTSIDE,
    ),
    "propose_transfer": Row(
        MOVES_STOCK,
        lambda at: {
            **_WRITE,
            "origin_id": "WAREHOUSE",
            "destination_id": at.place,
            "lines": [{"sku": at.sku, "units": 1}],
        },
        _OUTSIDE,
    ),
    "propose_stock_adjustment": Row(
        MOVES_STOCK,
        lambda at: {**_WRITE, "location_id": at.place, "sku": at.sku, "delta": -1, "expected": 1},
        _OUTSIDE,
    ),
    "propose_order": Row(
        frozenset({Role.PLANNER}),
        lambda at: {**_WRITE, "location_id": at.place, "vendor": "Loom", "lines": [{"sku": at.sku, "units": 1}]},
        _OUTSIDE,
    ),
    "propose_forecast_override": Row(
        frozenset({Role.PLANNER, Role.OPERATOR}),
        lambda at: {
            **_WRITE,
            "location_id": at.place,
            "sku": at.sku,
            "percent": 10,
            "first_day": "2090-01-02",
            "last_day": "2090-01-08",
            "cause": "other",
        },
        _OUTSIDE,
    ),
    "list_approvals": Row(OVERSIGHT, lambda at: {"location_id": at.place}, _OUTSIDE),
    "decide_approval": Row(MANAGER, lambda at: {**_WRITE, "approval_id": at.approval, "approve": False}, "unknown"),
    "explain_decision": Row(DECISIONS, lambda at: {"id": at.action}, "unknown"),
    "measure_offers": Row(MEASURING, lambda _: {"measure": "fairness"}),
    "undo_action": Row(MANAGER, lambda at: {**_WRITE, "action_id": at.action}, "unknown"),
    "undo_many": Row(MANAGER, lambda at: {**_WRITE, "scope": "run", "name": at.action}),
    # read at an address only: nobody is listed them, and to call them is to call what does not exist
    "get_customer": Row(NOBODY, lambda at: {"customer": at.customer}),
    "search_cohorts": Row(NOBODY, lambda at: {"text": "jeans", "location_id": at.place}),
    "complete_name": Row(NOBODY, lambda _: {"kind": "sku", "typed": "P"}),
    "read_policies": Row(NOBODY, lambda at: {"location_id": at.place}),
    "read_playbook": Row(NOBODY, lambda _: {"document": "returns"}),
}

ADDRESSES: Final[Mapping[str, Row]] = {
    "tillhand://approvals": Row(OVERSIGHT, lambda _: "tillhand://approvals"),
    "tillhand://approvals{?location_id,cursor}": Row(
        OVERSIGHT, lambda at: f"tillhand://approvals?location_id={at.place}", "unknown"
    ),
    "tillhand://cohorts": Row(COHORTS, lambda _: "tillhand://cohorts"),
    "tillhand://cohorts{?text,location_id,cursor}": Row(
        COHORTS, lambda at: f"tillhand://cohorts?location_id={at.place}", "unknown"
    ),
    "tillhand://customers/{customer}": Row(FLOOR, lambda at: f"tillhand://customers/{at.customer}"),
    "tillhand://decisions/{id}": Row(DECISIONS, lambda at: f"tillhand://decisions/{at.action}", "unknown"),
    "tillhand://orders/{order_id}": Row(ORDERS, lambda at: f"tillhand://orders/{at.order}", "unknown"),
    "tillhand://playbooks": Row(PEOPLE, lambda _: "tillhand://playbooks"),
    "tillhand://playbooks/{document}": Row(PEOPLE, lambda _: "tillhand://playbooks/returns"),
    "tillhand://policies": Row(PEOPLE, lambda _: "tillhand://policies"),
    "tillhand://policies{?location_id,cursor}": Row(
        PEOPLE, lambda at: f"tillhand://policies?location_id={at.place}", "unknown"
    ),
    "tillhand://stock/{sku}{?location_id}": Row(
        STOCK, lambda at: f"tillhand://stock/{at.sku}?location_id={at.place}", "unknown"
    ),
    "ui://tillhand/offer": Row(FLOOR, lambda _: "ui://tillhand/offer"),
    "ui://tillhand/approval": Row(OVERSIGHT | MOVES_STOCK, lambda _: "ui://tillhand/approval"),
}

PROMPTS: Final[Mapping[str, Row]] = {
    "morning_approvals": Row(OVERSIGHT, lambda at: {"location_id": at.place}, "unknown"),
    "offer_at_the_register": Row(
        FLOOR, lambda at: {"location_id": at.place, "transaction": "matrix-1", "skus": at.sku}, "unknown"
    ),
    "restock_shop": Row(MOVES_STOCK, lambda at: {"location_id": at.place, "skus": at.sku}),
    "weekly_review": Row(OVERSIGHT, lambda _: {}),
    "why_this_decision": Row(DECISIONS, lambda at: {"id": at.action}, "unknown"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page or form of the console.

    Attributes:
        roles: Who may use it.
        form: Its fields, beside the session's token.
        chain: It is about every location at once, and for nobody who may see only some.
        served: Statuses that whoever may use it gets; what is not there is told to them alone.
    """

    roles: frozenset[Role]
    path: Callable[[Things], str]
    form: Mapping[str, str] | None = None
    chain: bool = False
    served: frozenset[int] = frozenset({200, 303, 404, 422})


PAGES: Final[Mapping[tuple[str, str], Page]] = {
    ("GET", "/console/"): Page(PEOPLE, lambda _: "/console/"),
    ("GET", "/console/style.css"): Page(frozenset(Role), lambda _: "/console/style.css"),
    ("POST", "/console/logout"): Page(PEOPLE, lambda _: "/console/logout", {}),
    ("POST", "/console/approvals/{approval_id}"): Page(
        MANAGER, lambda at: f"/console/approvals/{at.approval}", {"answer": "reject"}
    ),
    ("POST", "/console/dead-letters/{event_id}"): Page(OPERATOR, lambda _: "/console/dead-letters/none", {}),
    ("GET", "/console/explain"): Page(
        DECISIONS, lambda at: f"/console/explain?id={at.action}", served=frozenset({200})
    ),
    ("GET", "/console/discrepancies"): Page(MOVES_STOCK, lambda _: "/console/discrepancies"),
    ("GET", "/console/discrepancies/{name}"): Page(MOVES_STOCK, lambda _: "/console/discrepancies/d-000000000000"),
    ("POST", "/console/discrepancies/{name}"): Page(
        MOVES_STOCK, lambda _: "/console/discrepancies/d-000000000000", {"how": "nothing"}
    ),
    ("GET", "/console/undo"): Page(MANAGER, lambda _: "/console/undo"),
    ("POST", "/console/undo"): Page(MANAGER, lambda _: "/console/undo", {"kind": "run", "name": "nothing"}),
    ("GET", "/console/undo/{batch_id}"): Page(MANAGER, lambda _: "/console/undo/none"),
    ("GET", "/console/ladder"): Page(LADDER, lambda _: "/console/ladder"),
    ("POST", "/console/ladder/{verb:str}"): Page(
        STOPS, lambda _: "/console/ladder/stop", {"scope": "location", "name": "STORE_123", "reason": "A row"}
    ),
    ("GET", "/console/reviews"): Page(REVIEW, lambda _: "/console/reviews", chain=True),
    ("GET", "/console/reviews/{week:str}"): Page(REVIEW, lambda _: "/console/reviews/2026-W01", chain=True),
    # who signs for which team is gone through in tests/flows/test_weekly_review_signed.py
    ("POST", "/console/reviews/{week:str}/sign"): Page(
        REVIEW, lambda _: "/console/reviews/2026-W01/sign", {"team": "it"}, chain=True
    ),
    ("GET", "/console/floor"): Page(FLOOR, lambda _: "/console/floor", served=frozenset({200})),
    ("GET", "/console/floor/customers"): Page(FLOOR, lambda _: "/console/floor/customers"),
    ("POST", "/console/floor/customers"): Page(
        FLOOR, lambda _: "/console/floor/customers", {"by": "loyalty_id", "value": "CUST_0"}
    ),
    ("POST", "/console/floor/outcomes"): Page(
        FLOOR, lambda _: "/console/floor/outcomes", {"decision": "none", "kind": "shown"}
    ),
    ("GET", "/console/floor/arrivals/{event_id}"): Page(FLOOR, lambda _: "/console/floor/arrivals/none"),
    ("GET", "/console/floor/goods"): Page(FLOOR, lambda at: f"/console/floor/goods?sku={at.sku}"),
    ("POST", "/console/undo/{batch_id}"): Page(MANAGER, lambda _: "/console/undo/none", {"answer": "decline"}),
}

SECTIONS: Final[Mapping[str, frozenset[Role]]] = {
    'id="waiting"': OVERSIGHT | {Role.PLANNER},
    'id="stock"': STOCK,
    'id="activity"': DECISIONS,
    'id="aside"': OPERATOR,
}
"""Parts of the console's first page, by what stands in it for everybody who sees them."""

SCREEN: Final = ("insight", "beforehand", "decision", "approve", "outcome")
"""Doors of the extension on a register's screen."""

DOORS: Final[Mapping[tuple[str, str], frozenset[Role]]] = {
    ("POST", "/v1/checkout"): frozenset({Role.REGISTER}),
    ("POST", "/v1/offline"): frozenset({Role.REGISTER}),
    ("POST", "/v1/reservations"): frozenset({Role.REGISTER, Role.OPERATOR}),
    ("POST", "/v1/events"): frozenset({Role.REGISTER, Role.OPERATOR}),
    ("POST", "/rules/lightspeed"): frozenset({Role.REGISTER}),
    **dict.fromkeys((("POST", f"/pos/v1/{door}") for door in SCREEN), NOBODY),
    # Shopify's session token opens those, and a platform's signature these; no credential of ours does
    ("POST", "/webhooks/{platform}"): NOBODY,
}
"""Doors of programs, by who may use them with a key."""

OPEN: Final = frozenset(
    {
        ("GET", "/live"),
        ("GET", "/ready"),
        ("GET", "/metrics"),
        ("POST", "/console/login"),
        *(("OPTIONS", f"/pos/v1/{door}") for door in SCREEN),  # browsers' question
    }
)
"""Doors for everybody, which show nothing of anybody."""

MCP: Final = frozenset({("ANY", "/mcp"), ("ANY", "/mcp/{narrowed:path}")})
"""The door the tools, addresses and prompts above are behind."""


def _changed(name: str) -> str:
    """Another name of the same length and kind."""
    return f"{name[:-1]}{'0' if name[-1] != '0' else '1'}"
