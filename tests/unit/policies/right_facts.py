"""Facts of each kind of action at which nothing is wrong, at the very edge of what is allowed."""

from dataclasses import replace

from policies.ladder import Rung, Standing
from policies.limits import DEFAULT_FILE, Limits
from policies.situation import (
    AdjustmentFacts,
    DiscountFacts,
    LinkFacts,
    MessageFacts,
    OverrideFacts,
    ReorderFacts,
    SyncFacts,
    TransferFacts,
)
from policies.vocabulary.ids import LocationId

# The product's numbers, but no two of a kind alike: a limit taken for another must show.
LIMITS = Limits(
    DEFAULT_FILE.read_text(encoding="utf-8")
    .replace("customer_day = 20000", "customer_day = 25000", 1)
    .replace("customer_day = 1 ", "customer_day = 2 ", 1)
)
S1, S2 = LocationId("S1"), LocationId("S2")
AUTO = Standing(Rung.AUTO)
DISCOUNT = DiscountFacts(
    percent_bp=1_000,
    amount=500,
    transaction_total=500,
    customer_day_total=500,
    location_day_total=500,
    cost_known=True,
    margin_after=450,
    margin_floor=450,
    in_stock=True,
    late=False,
    price_age_s=0,
)
TRANSFER = TransferFacts(
    value=1_000, units=5, origin_covered=True, same_platform=True, origin_left=2, origin_keep=2, stock_age_s=0
)
ADJUSTMENT = AdjustmentFacts(value=100, units=1, undo=False)
SYNC = SyncFacts(units=1, lowers=False)
REORDER = ReorderFacts(
    value=20_000, order_day_total=20_000, supplier_known=True, goods_of_supplier=True, packs_whole=True, minimum=20_000
)
OVERRIDE = OverrideFacts(percent=10, days=7, everywhere=False, overlaps=False, record_bp=10_000)
MESSAGE = MessageFacts(
    channel="sms",
    purpose="marketing",
    consent=True,
    consent_age_s=0,
    opted_out=False,
    local_minute=720,
    customer_minute=720,
    customer_day_total=1,
    customer_week_total=1,
    location_day_total=1,
    campaign_total=1,
    words_total=1,
    words_agree=True,
    code_holds=True,
    stop_said=True,
)
SERVICE = replace(MESSAGE, purpose="service", consent=False, consent_age_s=10**12, stop_said=False)
LINK = LinkFacts(apart=False, certain=True, taken_apart=False, detour=False, undo=False)
