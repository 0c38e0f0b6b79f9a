"""Where what is sent home is ordered: a link into the online shop, to be shown or printed as a QR code.

With a discount the link brings its code; at full price it opens a cart with the goods in it, and gives nothing away,
so it may be opened by anybody and more than once. It carries the offer's name, which nobody can make up without our
secret.
https://shopify.dev/docs/apps/build/checkout/create-cart-permalinks
"""

import json
from typing import Final
from urllib.parse import urlencode

from knowledge.store.quick import QuickReads
from policies.actions.discount import Discount

ATTRIBUTE: Final = "attributes[tillhand_offer]"  # of the cart, and then of the order
_VARIANT: Final = "shopify:ProductVariant:"
_NAMES: Final = """
    SELECT shopify_variant AS variant FROM variant
    WHERE sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))) AND shopify_variant IS NOT NULL
    ORDER BY sku
"""


async def link_home(quick: QuickReads, online: str, discount: Discount) -> str:
    """The link of an offer; "" when it is carried out of the shop, or the online shop does not sell all of it.

    Args:
        quick: Where the catalog is read.
        online: The online shop's address, such as https://example.myshopify.com; "" for none.
        discount: The offer.
    """
    if not online or not discount.within_days:
        return ""
    if not discount.at_full_price:
        return f"{online}/discount/{discount.code}"
    rows = await quick.rows(_NAMES, json.dumps(list(discount.skus)))
    goods = [f"{str(row['variant']).removeprefix(_VARIANT)}:1" for row in rows]
    if len(goods) < len(discount.skus):
        return ""
    return f"{online}/cart/{','.join(goods)}?{urlencode({ATTRIBUTE: discount.code})}"
