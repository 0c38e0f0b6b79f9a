"""find_customer promises what helps at the counter, and nothing that says who it is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from pydantic import ValidationError

from knowledge.offers.companions import CompanionTable
from knowledge.profile.parts import Part
from knowledge.profile.profile import Outside
from knowledge.profile.standing import CrmFacts, Standing
from knowledge.store.session import Database
from policies.errors import NotFound, Refused, Unavailable
from policies.vocabulary.actor import Actor, Role
from policies.vocabulary.ids import CustomerRef
from policies.vocabulary.money import Money
from tests.small_chain import CUSTOMER, FIRST, KEYS, NOW, PHONE, actor, call, stock_chain
from tools.read.amount import Amount
from tools.read.customer import LAPSED_AFTER, LOYAL_ORDERS, Customer, FindCustomer, Profiles, customer_tool, segment

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chain(database: Database) -> Database:
    await stock_chain(database)
    return database


async def find(chain: Database, who: Actor, outside: Mapping[str, Outside] | None = None, **asked: str) -> Customer:
    profiles = Profiles(chain, CompanionTable(), lambda: NOW, outside or {})
    answer = await customer_tool(profiles, KEYS).run(call(who), FindCustomer.model_validate(asked))
    assert isinstance(answer, Customer)
    return answer


@pytest.mark.parametrize("phone", [PHONE, "(212) 555-0142", "212.555.0142"])
async def test_any_spelling_of_the_phone_finds_the_customer(chain: Database, phone: str):
    answer = await find(chain, actor(Role.MANAGER), phone=phone)
    assert (answer.customer, answer.segment, answer.orders, answer.spent.minor) == (CUSTOMER, "returning", 2, 10499)
    assert [purchase.order_id for purchase in answer.last_purchases] == ["shopify:order:1002", "shopify:order:1001"]


async def test_the_answer_holds_no_part_of_the_identifier(chain: Database):
    answer = await find(chain, actor(Role.MANAGER), phone=PHONE)
    assert "5550142" not in answer.model_dump_json().replace("-", "").replace(" ", "")


async def test_purchases_elsewhere_stay_hidden_from_an_associate(chain: Database):
    answer = await find(chain, actor(Role.ASSOCIATE, FIRST), phone=PHONE)
    assert [purchase.location_id for purchase in answer.last_purchases] == [FIRST]


async def _credit(refs: Sequence[CustomerRef]) -> Part:
    assert refs == [CUSTOMER]
    told = Standing("shopify", "1001", Money(250, "USD"), (Money(1_500, "USD"),), "high", "loyal", NOW)
    return Part((told,), NOW)


async def _crm(refs: Sequence[CustomerRef]) -> Part:
    assert refs == [CUSTOMER]
    return Part(CrmFacts(40, NOW.date(), {"tier": "gold"}, NOW), NOW)


async def _down(refs: Sequence[CustomerRef]) -> Part:
    raise Unavailable(f"{len(refs)} were asked about.", code="lightspeed.unavailable")


async def test_points_and_credit_are_told_without_the_platforms_number_and_a_failing_source_is_named(chain: Database):
    outside = {"loyalty_shopify": _credit, "loyalty_lightspeed": _down}
    answer = await find(chain, actor(Role.ASSOCIATE, FIRST), outside, phone=PHONE)
    (told,) = answer.known.loyalty
    assert (told.loyalty, told.tier, told.group) == (Amount(minor=250, currency="USD"), "high", "loyal")
    assert told.credit == (Amount(minor=1_500, currency="USD"),)
    assert answer.known.partial == ("loyalty_lightspeed",)
    assert '"1001"' not in answer.model_dump_json()


@pytest.mark.parametrize(("role", "sees"), [(Role.MANAGER, True), (Role.ASSOCIATE, False)])
async def test_what_the_crm_guesses_is_for_managers(chain: Database, role: Role, sees: bool):
    answer = await find(chain, actor(role, FIRST), {"crm": _crm}, phone=PHONE)
    assert (answer.known.crm is not None) is sees
    assert ("gold" in answer.model_dump_json()) is sees


async def test_an_unknown_customer_is_not_found(chain: Database):
    with pytest.raises(NotFound) as refusal:
        await find(chain, actor(), email="nobody@example.com")
    assert refusal.value.code == "customer.unknown"
    assert "nobody" not in refusal.value.message


async def test_what_cannot_be_a_phone_number_is_refused_without_repeating_it(chain: Database):
    with pytest.raises(Refused) as refusal:
        await find(chain, actor(), phone="call me")
    assert (refusal.value.code, refusal.value.field) == ("customer.identifier", "phone")
    assert "call me" not in refusal.value.message


@pytest.mark.parametrize("asked", [{}, {"phone": PHONE, "email": "a@example.com"}])
def test_exactly_one_identifier_is_asked_with(asked: dict[str, str]):
    with pytest.raises(ValidationError, match="exactly one"):
        FindCustomer.model_validate(asked)


@pytest.mark.parametrize(
    ("orders", "since", "expected"),
    [
        (0, None, "new"),
        (1, timedelta(1), "new"),
        (2, timedelta(1), "returning"),
        (LOYAL_ORDERS - 1, timedelta(1), "returning"),
        (LOYAL_ORDERS, LAPSED_AFTER, "loyal"),
        (LOYAL_ORDERS, LAPSED_AFTER + timedelta(seconds=1), "lapsed"),
    ],
)
def test_a_segment_begins_exactly_at_its_boundary(orders: int, since: timedelta | None, expected: str):
    assert segment(orders, None if since is None else NOW - since, NOW) == expected
