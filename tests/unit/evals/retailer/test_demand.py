"""Demand promises: most variants rest on most days, weekends are busy, promotions pull, and some goods go together."""

from collections import Counter
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from evals.retailer.demand import Demand
from evals.retailer.world import Order, World

DAYS = 28


def _till_sales(chain: World) -> list[Order]:
    return [order for order in chain.orders.values() if order.channel == "pos" and not order.return_of]


def _day(chain: World, order: Order) -> date:
    return order.occurred_at.astimezone(ZoneInfo(chain.places[order.place].timezone)).date()


def test_about_seventy_percent_of_the_days_of_a_variant_in_a_shop_are_without_a_sale(chain: World):
    demand = Demand(chain.seed, chain.variants, chain.places)
    sold: Counter[str] = Counter()
    for _, place, _ in {(line.sku, o.place, _day(chain, o)) for o in _till_sales(chain) for line in o.lines}:
        sold[place] += 1
    shares = {place: 1 - days / (DAYS * int((demand.popularity[place] > 0).sum())) for place, days in sold.items()}
    assert len(shares) == 6
    assert all(0.6 <= share <= 0.8 for share in shares.values()), shares


def test_a_saturday_sells_at_least_half_as_much_again_as_a_monday(chain: World):
    by_weekday = Counter(_day(chain, order).weekday() for order in _till_sales(chain))
    assert by_weekday[5] > 1.5 * by_weekday[0]
    assert min(by_weekday[4], by_weekday[5], by_weekday[6]) > max(by_weekday[day] for day in range(4))


def test_promoted_goods_sell_more_than_in_their_other_weeks(chain: World):
    demand = Demand(chain.seed, chain.variants, chain.places)
    weeks = {
        order_day - timedelta(days=order_day.weekday()) for o in _till_sales(chain) for order_day in [_day(chain, o)]
    }
    full = sorted(weeks)[1:-1]
    units = Counter(
        (line.sku, d - timedelta(days=d.weekday()))
        for o in _till_sales(chain)
        for d in [_day(chain, o)]
        for line in o.lines
    )
    promoted = usual = 0.0
    for week in full:
        skus = demand.promoted_skus(week)
        promoted += sum(units[sku, week] for sku in skus)
        usual += sum(units[sku, other] for sku in skus for other in full if other != week) / (len(full) - 1)
    assert promoted > 2 * usual


def test_jeans_are_bought_with_the_tee_far_more_often_than_alone(chain: World):
    sales = _till_sales(chain)
    with_tee = [order for order in sales if any(line.sku == "PROD_001" for line in order.lines)]
    slim = {sku for sku, variant in chain.variants.items() if variant.product_title == "Slim Jeans"}

    def share(orders: list[Order]) -> float:
        return sum(any(line.sku in slim for line in order.lines) for order in orders) / len(orders)

    assert len(with_tee) > 200
    assert share(with_tee) > 0.25
    assert share(with_tee) > 3 * share(sales)


def test_customers_buy_what_they_lean_to(chain: World):
    drawn = [
        (chain.variants[line.sku].category in chain.people[order.customer].taste)
        for order in _till_sales(chain)
        if order.customer is not None
        for line in order.lines[:1]
    ]
    assert sum(drawn) / len(drawn) > 0.55
