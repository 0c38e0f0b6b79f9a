"""What sending goods home costs us, and whether a place sends them by when it was promised."""

from policies.actions.discount import Discount
from policies.errors import Refused
from policies.limits import HomeLimits


def sending_cost(discount: Discount, home: HomeLimits) -> int:
    """Minor units of a parcel; nothing of goods that are carried out of the shop.

    Raises:
        Refused: The place sends nothing home, or not so soon.
    """
    if discount.form != "home":
        return 0
    if not 0 < home.days <= discount.within_days:
        raise Refused(
            "Goods are not sent home from here, or not so soon.",
            code="discount.home",
            hint="home.days in limits.toml says within how many days.",
            field="within_days",
        )
    return home.shipping
