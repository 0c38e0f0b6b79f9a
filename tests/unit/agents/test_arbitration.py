"""One customer hears one thing, one shelf gets one transfer, and the order of proposals does not matter."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from agents.arbitration import Bid, arbitrate, scopes
from policies.actions.discount import Discount
from policies.actions.transfer import Transfer, TransferLine
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId, Sku
from policies.vocabulary.money import Money
from policies.vocabulary.percent import Percent
from tools.proposal import Origin, Proposal

OFFERS = Actor("specialist:offers", Role.OFFERS_SPECIALIST, None, Door.EVENT)
STOCK = Actor("specialist:inventory", Role.INVENTORY_SPECIALIST, None, Door.EVENT)


def offer(key: str, *, customer: str | None, transaction: str, value: int, order: str = "") -> Bid:
    base = Money(1000, "USD")
    action = Discount(
        store=LocationId("STORE_1"),
        customer=CustomerRef(customer) if customer else None,
        transaction=transaction,
        code="THCODE",
        percent=Percent(1000),
        base=base,
        amount=base.share(Percent(1000)),
        valid_until=datetime(2026, 1, 1, tzinfo=UTC),
    )
    evidence = {"expected_value": value, "order": order}
    return Bid(OFFERS, Proposal(action, key, Origin(CorrelationId("c"), "e"), "Why.", evidence))


def move(key: str, *, sku: str, to: str, value: int) -> Bid:
    action = Transfer(
        origin=LocationId("WAREHOUSE"),
        destination=LocationId(to),
        lines=(TransferLine(sku=Sku(sku), units=3),),
        value=Money(100, "USD"),
        reference=f"TH-{key}",
    )
    return Bid(STOCK, Proposal(action, key, Origin(CorrelationId("c"), "e"), "Why.", {"expected_value": value}))


small = st.integers(0, 3).map(str)
offers = st.builds(
    offer, small, customer=st.none() | small, transaction=small, value=st.integers(0, 50), order=st.just("") | small
)
moves = st.builds(move, small.map("key-{}".format), sku=small, to=small, value=st.integers(0, 50))
bids = st.lists(offers | moves, max_size=12)
chosen_scopes = st.frozensets(st.tuples(st.just("customer"), small), max_size=3)


@given(bids)
def test_no_two_kept_proposals_share_a_customer_basket_or_shelf(some: list[Bid]):
    kept = arbitrate(some).kept
    taken = [scope for bid in kept for scope in scopes(bid.proposal.action)]
    assert len(taken) == len(set(taken))


@given(bids)
def test_everything_is_either_kept_or_dropped_with_a_reason(some: list[Bid]):
    result = arbitrate(some)
    assert len(result.kept) + len(result.dropped) == len(some)
    assert all(reason for _, reason in result.dropped)


@given(bids, st.randoms())
def test_the_order_of_proposals_does_not_change_the_choice(some: list[Bid], random: object):
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [bid.proposal.action for bid in arbitrate(some).kept] == [
        bid.proposal.action for bid in arbitrate(shuffled).kept
    ]


@given(bids, chosen_scopes)
def test_nothing_is_kept_in_a_scope_that_is_open_already(some: list[Bid], taken: frozenset[tuple[str, str]]):
    kept = arbitrate(some, taken=taken).kept
    assert not {scope for bid in kept for scope in scopes(bid.proposal.action)} & taken


@given(bids, st.frozensets(small, max_size=3))
def test_nothing_is_offered_on_a_cancelled_order_or_transaction(some: list[Bid], cancelled: frozenset[str]):
    for bid in arbitrate(some, cancelled=cancelled).kept:
        if isinstance(bid.proposal.action, Discount):
            assert bid.proposal.action.transaction not in cancelled
            assert bid.proposal.evidence["order"] not in cancelled


def test_the_most_valuable_offer_to_a_customer_wins():
    poor = offer("a", customer="c", transaction="1", value=5)
    rich = offer("b", customer="c", transaction="2", value=6)
    assert arbitrate([poor, rich]).kept == (rich,)


def test_the_same_transfer_to_two_destinations_is_two_transfers():
    assert len(arbitrate([move("key-1", sku="A", to="1", value=1), move("key-2", sku="A", to="2", value=1)]).kept) == 2
