"""Outlets, registers and the retailer itself, as the X-Series API shows them."""

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, listed, ok
from evals.retailer.lightspeed.wire import derived_id
from evals.retailer.world import Place

NO_TAX = derived_id("tax", "No Tax")
OWNER = derived_id("user", "owner")  # who rings up what no associate does


def outlet_row(place: Place, currency: str) -> Json:
    """`Outlet`, without its row version."""
    return {
        "attributes": [],
        "currency": currency,
        "currency_symbol": "$",
        "default_tax_id": NO_TAX,
        "deleted_at": None,
        "display_prices": "exclusive",
        "id": place.outlet_id,
        "name": place.name,
        "physical_country_id": "US",
        "physical_state": place.region,
        "time_zone": place.timezone,
    }


def register_row(place: Place) -> Json:
    """`Register`, without its row version."""
    return {
        "ask_for_note_on_save": 0,
        "ask_for_user_on_sale": False,
        "deleted_at": None,
        "email_receipt": True,
        "id": place.register_id,
        "invoice_prefix": "",
        "invoice_suffix": "",
        "is_open": True,
        "name": f"{place.name} Register",
        "outlet_id": place.outlet_id,
        "print_receipt": True,
        "show_discounts_on_receipts": True,
    }


def list_outlets(account: Account, asked: Asked) -> Answer:
    """`GET /outlets`. Outlets do not change here, so their places in the list are their versions."""
    rows = [outlet_row(place, account.world.currency) for place in account.index.outlets.values()]
    return _paged(rows, asked)


def get_outlet(account: Account, asked: Asked) -> Answer:
    """`GET /outlets/{outlet_id}`."""
    outlets = account.index.outlets
    place = find_outlet(account, asked.path["outlet_id"])
    return ok(outlet_row(place, account.world.currency) | {"version": 1 + list(outlets).index(place.outlet_id)})


def list_registers(account: Account, asked: Asked) -> Answer:
    """`GET /registers`."""
    return _paged([register_row(place) for place in account.index.registers.values()], asked)


def get_retailer(account: Account, _asked: Asked) -> Answer:
    """`GET /retailer`."""
    return ok(
        {
            "account_status": "active",
            "country": "US",
            "currency": {"code": account.world.currency, "symbol": "$"},
            "domain_prefix": account.settings.domain_prefix,
            "id": account.retailer_id,
            "name": account.settings.retailer_name,
            "tax_exclusive": True,
        }
    )


def find_outlet(account: Account, outlet_id: object, status: int = 404) -> Place:
    """The place with this outlet id.

    Raises:
        Problem: There is none.
    """
    found = account.index.outlets.get(outlet_id) if isinstance(outlet_id, str) else None
    if found is None:
        raise Problem(status, "Outlet not found.")
    return found


def _paged(rows: list[Json], asked: Asked) -> Answer:
    after = asked.whole("after", 0)
    shown = [row | {"version": version} for version, row in enumerate(rows, start=1) if version > after]
    shown = shown[: asked.page_size()]
    return listed(shown, [row["version"] for row in shown], empty=0)
