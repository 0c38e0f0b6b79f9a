"""Stock counts, as the X-Series API shows them. Both lists are read with POST or by product; neither writes."""

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, listed
from evals.retailer.lightspeed.json_values import a_list
from evals.retailer.lightspeed.products import find_product, parent_id, supplier_id
from evals.retailer.lightspeed.wire import amount, derived_id
from evals.retailer.world import Level, Place, Variant

SIZE = 100
MAX_SIZE = 10_000
MAX_IDS = 1000


def level_row(variant: Variant, place: Place, level: Level) -> Json:
    """`InventoryLevel`."""
    return {
        "average_cost": amount(variant.cost or 0),
        "brand_id": derived_id("brand", variant.vendor),
        "current_inventory_level": level.on_hand,
        "location_id": place.outlet_id,
        "name": variant.title,
        "product_id": variant.lightspeed_product_id,
        "quantity_to_procure": level.incoming,
        "reorder_method": None,
        "root_product_id": parent_id(variant),
        "supplier_id": supplier_id(variant.vendor),
        "total_cost": amount((variant.cost or 0) * max(0, level.on_hand)),
    }


def record_row(variant: Variant, place: Place, level: Level) -> Json:
    """`Inventory`."""
    return {
        "average_cost": None if variant.cost is None else amount(variant.cost),
        "current_inventory_level": level.on_hand,
        "id": record_id(variant, place),
        "outlet_id": place.outlet_id,
        "product_id": variant.lightspeed_product_id,
        "quantity_to_procure": level.incoming,
        "reorder_amount": None,
        "reorder_method": None,
        "reorder_point": None,
        "reorder_target": None,
        "version": level.version,
    }


def record_id(variant: Variant, place: Place) -> str:
    """The id of the stock record of one product at one outlet."""
    return derived_id("inventory", variant.lightspeed_product_id, place.outlet_id)


def list_levels(account: Account, asked: Asked) -> Answer:
    """`POST /inventory_levels`: a bare array, of the named products and outlets or of all."""
    wanted = asked.object() if asked.body is not None else {}
    outlets = _ids(wanted, "location_ids")
    products = _ids(wanted, "product_ids")
    families = _ids(wanted, "root_product_ids")
    size, offset = _whole(wanted, "size", SIZE), _whole(wanted, "offset", 0)
    if not 1 <= size <= MAX_SIZE:
        raise Problem(422, f"size must be from 1 to {MAX_SIZE}.")
    index = account.index
    places = [index.outlets[one] for one in outlets if one in index.outlets] if outlets else [*index.outlets.values()]
    known = [index.products[one] for one in products if one in index.products] if products else None
    variants = index.products.values() if known is None else known
    rows = [
        (variant, place, level)
        for variant in variants
        if not families or parent_id(variant) in families
        for place in places
        if (level := account.world.levels.get((variant.sku, place.code)))
    ]
    return Answer(200, [level_row(*row) for row in rows[offset : offset + size]])


def product_inventory(account: Account, asked: Asked) -> Answer:
    """`GET /inventory/{product_id}`: a bare array, one record for each outlet that carries it."""
    variant = find_product(account, asked.path["product_id"])
    levels = account.world.levels
    rows = [
        record_row(variant, place, level)
        for place in account.index.outlets.values()
        if (level := levels.get((variant.sku, place.code)))
    ]
    return Answer(200, rows)


def list_records(account: Account, asked: Asked) -> Answer:
    """`GET /inventory`: stock records by version, as API 2.0 lists them; what a poller follows."""
    world, index = account.world, account.index
    marks = index.level_feed.after(asked.whole("after", 0), asked.page_size())
    rows: list[Json] = []
    for _, key in marks:
        variant, place, level = world.variants[key[0]], world.places[key[1]], world.levels[key]
        rows.append(
            {
                "id": record_id(variant, place),
                "inventory_level": level.on_hand,
                "outlet_id": place.outlet_id,
                "product_id": variant.lightspeed_product_id,
                "reorder_amount": None,
                "reorder_point": None,
                "version": level.version,
            }
        )
    return listed(rows, [version for version, _ in marks], empty=0)


def list_current_records(account: Account, asked: Asked) -> Answer:
    """`POST /inventory`: the same records as 2026-07 lists them, a bare array; what a poller follows by `after`."""
    wanted = asked.object() if asked.body is not None else {}
    size = _whole(wanted, "size", 1000)
    if wanted.get("sort_direction", "desc") != "asc":
        raise Problem(422, "The simulated account lists records in ascending order only.")
    world, index = account.world, account.index
    marks = index.level_feed.after(_whole(wanted, "after", 0), max(1, min(size, 5000)))
    rows = [record_row(world.variants[sku], world.places[code], world.levels[sku, code]) for _, (sku, code) in marks]
    return Answer(200, rows)


def _ids(wanted: Json, name: str) -> list[str]:
    return [str(one) for one in a_list(wanted.get(name) or [], name, most=MAX_IDS)]


def _whole(wanted: Json, name: str, default: int) -> int:
    value = wanted.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Problem(422, f"{name} must be a whole number.")
    return value
