"""search_products promises the best match first, in pages that miss nothing."""

import pytest

from knowledge.catalog.finder import CatalogFinder
from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Role
from tests.small_chain import FIRST, PLACES, SECOND, actor, call, stock_chain
from tools.read.product import Products, SearchProducts, product_tool

pytestmark = pytest.mark.anyio


@pytest.fixture
async def chain(database: Database) -> Database:
    await stock_chain(database)
    return database


async def search(chain: Database, **asked: object) -> Products:
    tool = product_tool(CatalogFinder(chain), PLACES)
    answer = await tool.run(call(actor(Role.ASSOCIATE, FIRST)), SearchProducts(**asked))  # type: ignore[arg-type]
    assert isinstance(answer, Products)
    return answer


async def test_words_find_variants_in_any_order(chain: Database):
    answer = await search(chain, text="jeans slim")
    assert [product.sku for product in answer.products] == ["JEANS-L", "JEANS-M"]
    assert (answer.truncated, answer.next_cursor) == (False, "")


async def test_an_exact_sku_comes_first(chain: Database):
    answer = await search(chain, text="belt-1")
    assert answer.products[0].sku == "BELT-1"


async def test_a_named_location_tells_what_it_has(chain: Database):
    answer = await search(chain, text="belt", location_id=FIRST)
    assert [(product.available, product.price.minor) for product in answer.products] == [(40, 2500)]


async def test_pages_together_hold_every_match_once(chain: Database):
    first = await search(chain, text="slim jeans", limit=1)
    assert first.truncated
    second = await search(chain, text="slim jeans", limit=1, cursor=first.next_cursor)
    assert [each.sku for each in (*first.products, *second.products)] == ["JEANS-L", "JEANS-M"]
    assert not second.truncated


async def test_nothing_found_is_an_answer_not_an_error(chain: Database):
    answer = await search(chain, text="umbrella")
    assert (answer.products, answer.as_of) == ((), None)


@pytest.mark.parametrize("words", ["'); DROP TABLE variant; --", "a & | !", "%%", "🧥"])
async def test_no_spelling_of_the_words_breaks_the_search(chain: Database, words: str):
    await search(chain, text=words)


@pytest.mark.parametrize("cursor", ["x", "MA", "OTk5OTk", "LTE"])
async def test_a_cursor_that_is_not_ours_is_refused(chain: Database, cursor: str):
    with pytest.raises(Refused) as refusal:
        await search(chain, text="jeans", cursor=cursor)
    assert refusal.value.code == "cursor.unknown"


async def test_stock_keeps_what_can_be_had_here_nearby_or_online(chain: Database):
    here = await search(chain, text="slim jeans", location_id=FIRST, stock="here")
    assert [product.sku for product in here.products] == ["JEANS-M"]
    assert (await search(chain, text="wool hat", location_id=SECOND, stock="here")).products == ()
    assert (await search(chain, text="wool hat", stock="online")).products == ()
    with pytest.raises(Refused) as refusal:
        await search(chain, text="wool hat", stock="nearby")
    assert refusal.value.code == "location.needed"


async def test_nearby_reaches_as_far_as_the_caller_may_look(chain: Database):
    tool = product_tool(CatalogFinder(chain), PLACES)
    asked = SearchProducts(text="wool hat", location_id=SECOND, stock="nearby")
    near = await tool.run(call(actor(Role.MANAGER, FIRST, SECOND)), asked)
    assert isinstance(near, Products)
    assert [product.sku for product in near.products] == ["HAT-1"]
    own = await tool.run(call(actor(Role.MANAGER, SECOND)), asked)
    assert isinstance(own, Products)
    assert own.products == ()


async def test_a_misspelt_word_is_told_as_it_was_read(chain: Database):
    answer = await search(chain, text="lether belt")
    assert [(each.said, each.read) for each in answer.read_as] == [("lether", "leather")]
    assert answer.products[0].sku == "BELT-1"
