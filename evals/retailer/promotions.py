"""The chain's planned promotions: each week some products, with one code at the tills of each platform."""

from datetime import UTC, date, datetime, time, timedelta

from evals.retailer.demand import Demand
from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.world import CodeDiscount, Platform, World

SHARE = 1_500  # basis points off
PLATFORMS: tuple[Platform, ...] = ("shopify", "lightspeed")


def promotion_code(platform: Platform, day: date) -> str:
    """The code of the promotion in the week of a day; each platform keeps its own."""
    year, week, _ = day.isocalendar()
    return f"WEEK{week:02d}{year % 100:02d}{'W' if platform == 'lightspeed' else ''}"


def plan_promotion(world: World, demand: Demand, day: date) -> None:
    """Keep the codes of the promotion in the week of a day, Monday to Sunday in UTC."""
    monday = day - timedelta(days=day.weekday())
    starts_at = datetime.combine(monday, time(), UTC)
    for platform in PLATFORMS:
        code = promotion_code(platform, day)
        serial = world.next_serial("discount")
        on_shopify = platform == "shopify"
        world.discounts[code] = CodeDiscount(
            id=str(shopify_number("discount", serial))
            if on_shopify
            else lightspeed_uuid(world.seed, "discount", serial),
            platform=platform,
            code=code,
            title=f"Promotion of the week of {monday.isoformat()}",
            basis_points=SHARE,
            amount=0,
            skus=demand.promoted_skus(day),
            customer=None,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(days=7),
            usage_limit=None,
        )
