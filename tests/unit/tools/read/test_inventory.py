"""check_inventory promises honest counts, and only where the caller may look."""

import pytest

from knowledge.inventory.position import positions
from knowledge.store.session import Database
from policies.errors import NotFound
from policies.vocabulary.actor import Role
from tests.small_chain import FIRST, PLACES, SECOND, SEEN, actor, call, stock_chain
from tools.read.inventory import CheckInventory, Stock, inventory_tool

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chain(database: Database) -> Database:
    await stock_chain(database)
    return database


async def check(chain: Database, who: object, **asked: str) -> Stock:
    tool = inventory_tool(chain, PLACES)
    answer = await tool.run(call(who), CheckInventory.model_validate(asked))  # type: ignore[arg-type]
    assert isinstance(answer, Stock)
    return answer


async def test_counts_come_per_location_and_are_as_old_as_the_oldest(chain: Database):
    answer = await check(chain, actor(Role.MANAGER), sku="JEANS-M")
    assert [(level.location_id, level.available) for level in answer.levels] == [(FIRST, 2), (SECOND, 9)]
    assert answer.as_of == min(level.as_of for level in answer.levels) < SEEN


async def test_an_associate_sees_only_their_own_location(chain: Database):
    answer = await check(chain, actor(Role.ASSOCIATE, FIRST), sku="JEANS-M")
    assert [level.location_id for level in answer.levels] == [FIRST]


async def test_the_figure_and_its_age_are_those_of_the_unified_store(chain: Database):
    answer = await check(chain, actor(Role.MANAGER), sku="JEANS-M", location_id=SECOND)
    async with chain.reading() as connection:
        [position] = await positions(connection, ["JEANS-M"], [SECOND])
    assert (answer.levels[0].available, answer.as_of) == (position.available, position.as_of)


async def test_a_variant_nobody_counted_yet_has_no_levels_but_is_known(chain: Database):
    answer = await check(chain, actor(Role.MANAGER), sku="JEANS-L")
    assert answer.levels == ()
    assert answer.as_of == SEEN


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"sku": "NOPE"}, "sku.unknown", "sku"),
        ({"sku": "JEANS-M", "location_id": "STORE_9"}, "location.unknown", "location_id"),
    ],
)
async def test_an_unknown_name_says_which_argument_is_wrong(
    chain: Database, asked: dict[str, str], code: str, field: str
):
    with pytest.raises(NotFound) as refusal:
        await check(chain, actor(Role.MANAGER), **asked)
    assert (refusal.value.code, refusal.value.field) == (code, field)
