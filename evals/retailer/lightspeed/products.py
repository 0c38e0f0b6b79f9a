"""Products, as the X-Series API shows them: each variant is a product of its own, in a family."""

from evals.retailer.lightspeed.account import Account
from evals.retailer.lightspeed.answers import Answer, Asked, Json, Problem, listed, ok
from evals.retailer.lightspeed.wire import amount, derived_id, timestamp
from evals.retailer.world import Variant

_OPTIONS = ("Size", "Color", "Style")


def product_row(variant: Variant) -> Json:
    """`Product`.

    A cost that was never recorded is a `supply_price` of 0: X-Series does not tell it from goods that cost nothing.
    """
    brand, kind = derived_id("brand", variant.vendor), derived_id("product type", variant.category)
    supplier = supplier_id(variant.vendor)
    return {
        "active": True,
        "brand": {"id": brand, "name": variant.vendor},
        "brand_id": brand,
        "categories": [{"id": derived_id("tag", tag), "name": tag} for tag in variant.tags],
        "created_at": timestamp(variant.updated_at),
        "deleted_at": None,
        "description": variant.description,
        "handle": handle_of(variant),
        "has_inventory": True,
        "has_variants": True,
        "id": variant.lightspeed_product_id,
        "is_composite": False,
        "name": variant.product_title,
        "price_excluding_tax": amount(variant.price),
        "price_including_tax": amount(variant.price),
        "product_type_id": kind,
        "sku": variant.sku,
        "source": "USER",
        "supplier": {"id": supplier, "name": variant.vendor},
        "supplier_id": supplier,
        "supply_price": amount(variant.cost or 0),
        "tag_ids": [derived_id("tag", tag) for tag in variant.tags],
        "type": {"id": kind, "name": variant.category},
        "updated_at": timestamp(variant.updated_at),
        "variant_name": variant.title,
        "variant_options": variant_options(variant),
        "variant_parent_id": parent_id(variant),
        "version": variant.version,
    }


def supplier_row(vendor: str) -> Json:
    """`Supplier`."""
    return {"deleted_at": None, "description": "", "id": supplier_id(vendor), "name": vendor, "source": "USER"}


def supplier_id(vendor: str) -> str:
    """The id of the supplier a vendor's goods come from."""
    return derived_id("supplier", vendor)


def parent_id(variant: Variant) -> str:
    """The id of the family a variant belongs to."""
    return derived_id("family", variant.shopify_product_id)


def handle_of(variant: Variant) -> str:
    """The product's name as it would stand in an address."""
    return "-".join(variant.product_title.lower().split())


def variant_options(variant: Variant) -> list[Json]:
    """The option "M / Blue" as X-Series keeps it: named values."""
    values = [part.strip() for part in variant.option.split("/") if part.strip()]
    return [{"name": name, "value": value} for name, value in zip(_OPTIONS, values, strict=False)]


def list_products(account: Account, asked: Asked) -> Answer:
    """`GET /products`, all by version, or those with a sku, name or family name."""
    variants = account.world.variants
    wanted = {name: asked.first(name).casefold() for name in ("sku", "name", "family_name") if asked.first(name)}
    if wanted:
        one = variants.get(asked.first("sku"))
        known = [one] if one else list(account.index.products.values())
        found = [variant for variant in known if variant.lightspeed_product_id and _matches(variant, wanted)]
        found = sorted(found, key=lambda variant: variant.version)[: asked.page_size()]
        return listed([product_row(variant) for variant in found], [variant.version for variant in found], empty=0)
    below = asked.whole("before", 0) or None
    marks = account.index.product_feed.after(asked.whole("after", 0), asked.page_size(), below=below)
    return listed([product_row(variants[sku]) for _, sku in marks], [version for version, _ in marks], empty=0)


def get_product(account: Account, asked: Asked) -> Answer:
    """`GET /products/{product_id}`."""
    return ok(product_row(find_product(account, asked.path["product_id"])))


def list_suppliers(account: Account, asked: Asked) -> Answer:
    """`GET /suppliers`: one for each vendor, all on one page; behind it there is nothing."""
    if asked.whole("after", 0):
        return listed([], [], empty=0)
    vendors = sorted({variant.vendor for variant in account.world.variants.values()})
    return listed([supplier_row(vendor) for vendor in vendors], range(1, len(vendors) + 1), empty=0)


def find_product(account: Account, product_id: object, status: int = 404) -> Variant:
    """The variant with this product id.

    Raises:
        Problem: There is none.
    """
    found = account.index.products.get(product_id) if isinstance(product_id, str) else None
    if found is None:
        raise Problem(status, "Product not found.")
    return found


def _matches(variant: Variant, wanted: dict[str, str]) -> bool:
    shown = {"sku": variant.sku, "name": variant.title, "family_name": variant.product_title}
    return all(shown[name].casefold() == value for name, value in wanted.items())
