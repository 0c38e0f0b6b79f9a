"""Ways out of an oversell: by cost, the nearest that can spare it, and the same answer to the same facts."""

from policies.limits import Limits
from tools.mirroring.remedies import Giver, Missing, remedies

LIMITS = Limits.read().place("NY", "S1").stock_sync
ONE = Missing(units=1, orders=1, price=10_000, cost=4_000, lead=14)


def kinds(missing: Missing, *givers: Giver) -> list[tuple[str, int]]:
    return [(each.kind, each.cost) for each in remedies(missing, givers, LIMITS)]


def test_the_cheapest_is_proposed_and_the_others_are_told_with_their_cost():
    assert kinds(ONE, Giver("S2", 3, 0)) == [("move", 900), ("back_order", 14 * 150), ("cancel", 6_000 + 1_000)]


def test_a_cheap_thing_is_cancelled_rather_than_sent():
    assert kinds(Missing(1, 1, 500, 400, None), Giver("S2", 3, 0))[0] == ("cancel", 100 + 50)


def test_it_comes_from_the_nearest_location_that_has_enough():
    far, near, empty = Giver("S3", 9, 2), Giver("S2", 1, 0), Giver("S4", 0, 0)
    assert remedies(ONE, [far, empty, near], LIMITS)[0].where == "S2"
    assert remedies(Missing(2, 1, 10_000, 4_000, 14), [far, empty, near], LIMITS)[0].where == "S3"


def test_where_nobody_has_it_nothing_is_moved():
    assert [kind for kind, _ in kinds(ONE, Giver("S2", 0, 0))] == ["back_order", "cancel"]
