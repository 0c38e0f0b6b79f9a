"""The products, drawn from templates of our own: clothes and what goes with them, in sizes and colors."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.world import Variant

_CLOTHES = ("XS", "S", "M", "L", "XL")
_WAISTS = ("28", "30", "32", "34", "36")
_SHOES = ("6", "7", "8", "9", "10", "11")
_ONE_SIZE = ("One Size",)

_COLORS = {
    "Black": "BLK",
    "White": "WHT",
    "Navy": "NVY",
    "Blue": "BLU",
    "Indigo": "IND",
    "Gray": "GRY",
    "Olive": "OLV",
    "Rust": "RST",
    "Sand": "SND",
    "Burgundy": "BRG",
}
_VENDORS = ("Northloom", "Field & Harbor", "Maren Studio", "Oak Street Supply", "Tidewell", "Corva")
_LINES = ("Coast", "Harbor", "Meadow", "Summit", "Larch", "Juniper", "Atlas", "Willow", "Ember", "Prairie", "Sierra")
_SEASONS = ("spring", "summer", "fall", "winter", "all-season")
COST_UNKNOWN = 0.04  # share of variants whose cost the retailer never recorded


@dataclass(frozen=True, slots=True)
class _Template:
    prefix: str
    nouns: tuple[str, ...]
    materials: tuple[str, ...]
    sizes: tuple[str, ...]
    low: int  # dollars
    high: int
    share: int  # of the products, relative


_TEMPLATES = {
    "tees": _Template(
        "TEE", ("T-Shirt", "Pocket Tee", "Long Sleeve Tee"), ("Cotton", "Organic Cotton", "Slub"), _CLOTHES, 19, 39, 5
    ),
    "jeans": _Template(
        "JNS", ("Slim Jeans", "Straight Jeans", "Relaxed Jeans"), ("Stretch", "Rigid", "Washed"), _WAISTS, 59, 129, 4
    ),
    "shirts": _Template("SHT", ("Oxford Shirt", "Flannel Shirt"), ("Cotton", "Linen", "Brushed"), _CLOTHES, 45, 89, 3),
    "knitwear": _Template("KNT", ("Crew Sweater", "Cardigan"), ("Merino", "Lambswool", "Cotton"), _CLOTHES, 69, 149, 2),
    "dresses": _Template("DRS", ("Midi Dress", "Shirt Dress", "Wrap Dress"), ("Linen", "Jersey"), _CLOTHES, 69, 159, 3),
    "jackets": _Template("JKT", ("Rain Jacket", "Chore Coat"), ("Canvas", "Waxed", "Quilted"), _CLOTHES, 99, 249, 2),
    "activewear": _Template("ACT", ("Leggings", "Running Shorts"), ("Recycled", "Seamless"), _CLOTHES, 39, 89, 3),
    "shoes": _Template("SHO", ("Sneakers", "Chelsea Boots", "Loafers"), ("Leather", "Suede"), _SHOES, 79, 189, 3),
    "socks": _Template("SOK", ("Crew Socks", "Ankle Socks"), ("Wool", "Ribbed"), ("S", "M", "L"), 9, 19, 2),
    "belts": _Template("BLT", ("Belt",), ("Leather", "Braided"), ("S", "M", "L"), 29, 59, 1),
    "bags": _Template("BAG", ("Tote", "Backpack", "Crossbody Bag"), ("Canvas", "Leather"), _ONE_SIZE, 39, 169, 2),
    "hats": _Template("HAT", ("Beanie", "Cap", "Bucket Hat"), ("Wool", "Cotton"), _ONE_SIZE, 19, 45, 1),
}
CATEGORIES = tuple(_TEMPLATES)
_SAMPLES = {1: ("White", "Black", "Navy"), 2: ("Indigo", "Black", "Gray")}  # the tee and the jeans of the till's sample


@dataclass(frozen=True, slots=True)
class _Product:
    serial: int
    title: str
    category: str
    vendor: str
    tags: tuple[str, ...]
    description: str
    price: int
    cost_share: int  # percent of the price
    colors: tuple[str, ...]


def build_catalog(seed: int, start: datetime, count: int) -> dict[str, Variant]:
    """`count` variants by sku. Among the first are `PROD_001`, a tee, and the jeans often bought with it.

    Raises:
        ValueError: Fewer than 30 variants: not even the two products that the samples speak of.
    """
    if count < 30:  # noqa: PLR2004 - two products of three colors and five sizes
        raise ValueError("A catalog needs at least 30 variants.")
    chance = Random(f"catalog/{seed}")
    variants: dict[str, Variant] = {}
    for product in _products(chance):
        for variant in _variants(product, seed, start, chance, first=len(variants) + 1):
            if len(variants) == count:
                return variants
            variants[variant.sku] = variant
    raise AssertionError("The products never end.")


def _products(chance: Random) -> Iterator[_Product]:
    yield _product(1, "Organic Cotton T-Shirt", "tees", 2999, chance)
    yield _product(2, "Slim Jeans", "jeans", 7900, chance)
    shares = [template.share for template in _TEMPLATES.values()]
    serial = 2
    while True:
        serial += 1
        category = chance.choices(CATEGORIES, shares)[0]
        template = _TEMPLATES[category]
        line, material, noun = chance.choice(_LINES), chance.choice(template.materials), chance.choice(template.nouns)
        price = 100 * chance.randint(template.low, template.high) + chance.choice((-1, -1, -5, 0))
        yield _product(serial, f"{line} {material} {noun}", category, price, chance)


def _product(serial: int, title: str, category: str, price: int, chance: Random) -> _Product:
    vendor, season = chance.choice(_VENDORS), chance.choice(_SEASONS)
    words = title.split()
    colors = tuple(chance.sample(sorted(_COLORS), 3)) if serial not in _SAMPLES else _SAMPLES[serial]
    return _Product(
        serial=serial,
        title=title,
        category=category,
        vendor=vendor,
        tags=(category, season, words[-2].lower()),
        description=(
            f"{title} by {vendor}. {words[-2]} that keeps its shape, cut for every day. "
            f"Goes with most of our {_GOES_WITH[category][0]}."
        ),
        price=price,
        cost_share=chance.randint(34, 58),
        colors=colors[:2] if category in {"bags", "hats"} else colors,
    )


def _variants(product: _Product, seed: int, start: datetime, chance: Random, *, first: int) -> Iterator[Variant]:
    template = _TEMPLATES[product.category]
    options = [(size, color) for color in product.colors for size in template.sizes]
    for serial, (size, color) in enumerate(options, start=first):
        sample = product.serial == 1 and (size, color) == ("M", "White")
        short = "OS" if size == "One Size" else size
        option = f"{size} / {color}"
        unknown = not sample and chance.random() < COST_UNKNOWN
        yield Variant(
            sku="PROD_001" if sample else f"{template.prefix}-{product.serial:04d}-{short}-{_COLORS[color]}",
            title=f"{product.title} - {option}",
            product_title=product.title,
            option=option,
            vendor=product.vendor,
            category=product.category,
            tags=product.tags,
            description=product.description,
            price=product.price,
            cost=None if unknown else product.price * product.cost_share // 100,
            shopify_product_id=shopify_number("product", product.serial),
            shopify_variant_id=shopify_number("variant", serial),
            shopify_item_id=shopify_number("inventory item", serial),
            lightspeed_product_id=lightspeed_uuid(seed, "product", serial),
            updated_at=start - timedelta(days=60, seconds=-serial),
            version=serial,
        )


# What is often bought with a category, the most likely first: the chain's planted co-purchases.
_GOES_WITH: dict[str, tuple[str, ...]] = {
    "tees": ("jeans", "jackets", "hats"),
    "jeans": ("tees", "belts", "shirts"),
    "shirts": ("jeans", "belts", "knitwear"),
    "knitwear": ("shirts", "jeans", "hats"),
    "dresses": ("bags", "shoes", "knitwear"),
    "jackets": ("knitwear", "hats", "tees"),
    "activewear": ("socks", "shoes", "tees"),
    "shoes": ("socks", "jeans", "bags"),
    "socks": ("shoes", "activewear", "tees"),
    "belts": ("jeans", "shoes", "shirts"),
    "bags": ("dresses", "shoes", "hats"),
    "hats": ("jackets", "tees", "socks"),
}


def goes_with(category: str) -> tuple[str, ...]:
    """Categories often bought with this one, the most likely first."""
    return _GOES_WITH[category]
