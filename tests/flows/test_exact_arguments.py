"""What a caller sends means one thing or nothing: each way to be misread is refused, and never repeated."""

import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Role
from policies.vocabulary.ids import CorrelationId
from server.mcp.exact import check
from tests.mcp_house import House, open_house
from tests.mcp_served import Served, calling, serve
from tests.small_chain import FIRST, actor
from tools.proposal import Origin

pytestmark = pytest.mark.anyio

BOTH_ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
MARK = "5f3c9d"  # in every value sent: wherever it comes back, something was repeated
DISCOUNT: dict[str, Any] = {
    "location_id": FIRST,
    "transaction": f"till-{MARK}",
    "skus": ["JEANS-M"],
    "percent": 10,
    "idempotency_key": f"exact-{MARK}",
    "reason": f"A regular hesitates {MARK}",
}


async def _refused(served: Served, arguments: dict[str, Any], mode: str, field: str, code: str = "") -> None:
    key = await served.key(Role.MANAGER)
    told = await served.call(key, "propose_discount", arguments, mode)
    assert (told["error"]["code"], told["error"]["field"]) == (code or "arguments.invalid", field)
    assert MARK not in json.dumps(told).replace(told["error"]["audit_id"], "")
    assert served.house.platform.calls == 0
    assert await _actions(served.house) == 0


async def _actions(house: House) -> int:
    async with house.database.reading() as connection:
        return (await connection.execute("SELECT count(*) FROM action")).scalar_one()


@BOTH_ERAS
async def test_an_unknown_argument_is_refused_and_a_strange_name_is_not_repeated(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for name in ("dryrun", "approved"):
            await _refused(served, {**DISCOUNT, name: True}, mode, name)
        for name in (f"{MARK}@example.com", "\u202e" + MARK, MARK * 20):
            await _refused(served, {**DISCOUNT, name: True}, mode, "?")


@BOTH_ERAS
async def test_no_value_is_taken_for_one_of_another_type(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for argument, value in (
            ("percent", True),
            ("percent", "10"),
            ("percent", 10.0),
            ("percent", None),
            ("percent", [10]),
            ("dry_run", "false"),
            ("dry_run", 0),
            ("skus", "JEANS-M"),
            ("skus", {"0": "JEANS-M"}),
            ("transaction", 12),
            ("location_id", None),
        ):
            await _refused(served, {**DISCOUNT, argument: value}, mode, argument)


@BOTH_ERAS
async def test_a_number_out_of_range_is_refused_however_large(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for number in (101, -1, 0, 2**31, 2**63, 10**30):
            await _refused(served, {**DISCOUNT, "percent": number}, mode, "percent")


@BOTH_ERAS
async def test_a_text_one_character_too_long_is_refused(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for argument, longest in (("transaction", 128), ("idempotency_key", 64), ("reason", 300), ("location_id", 128)):
            await _refused(served, {**DISCOUNT, argument: MARK.ljust(longest + 1, "x")}, mode, argument)


@BOTH_ERAS
async def test_an_id_that_only_looks_like_one_is_refused(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for name in (
            "STORE\u200b_1",
            "STORE_1\u202e",
            "\uff33TORE_1",
            "STOR\u0415_1",  # a Cyrillic letter that looks like an E
            "STORE_1\U000e0041",
            "STORE_1 ",
            " STORE_1",
            "STORE\u00a01",
            "STORE_1\n",
        ):
            await _refused(served, {**DISCOUNT, "location_id": name}, mode, "location_id")


@BOTH_ERAS
async def test_a_reason_with_characters_nobody_sees_is_refused(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for letter in ("\u202e", "\u200b", "\u0007", "\U000e0041", "\ufeff", "\u2028", "\u3164"):
            await _refused(served, {**DISCOUNT, "reason": f"{MARK} hesitates{letter}"}, mode, "reason")


@BOTH_ERAS
async def test_a_reason_with_somebodys_contact_is_refused(database: Database, mode: str):
    async with open_house(database) as house, serve(house) as served:
        for text in (f"write to {MARK}@b.example", "call +1 212 555 0142"):
            await _refused(served, {**DISCOUNT, "reason": text}, mode, "reason")
        card = {**DISCOUNT, "reason": "card 4111 1111 1111 1111"}
        await _refused(served, card, mode, "reason", code="payment.card_number")


async def test_a_name_given_twice_is_refused_before_anybody_reads_it(database: Database):
    twice = (
        '{"sku":"JEANS-M","sku":"5f3c9d"}',
        '{"sku":"JEANS-M","location_id":"STORE_1","location_id":"5f3c9d"}',
        '{"sku":{"a":1,"\\u0061":5}}',
    )
    async with open_house(database) as house, serve(house) as served:
        for arguments in twice:
            await _refused_raw(served, calling("check_inventory", arguments))


async def test_a_method_or_tool_given_twice_is_refused(database: Database):
    body = calling("check_inventory", '{"sku":"JEANS-M"}')
    async with open_house(database) as house, serve(house) as served:
        for again in (b'"method":"tools/list",', b'"id":2,', b'"params":{},'):
            await _refused_raw(served, body.replace(b'{"jsonrpc"', b"{" + again + b'"jsonrpc"', 1))


async def test_a_number_json_has_no_word_for_is_refused(database: Database):
    async with open_house(database) as house, serve(house) as served:
        for number in ("NaN", "Infinity", "-Infinity", "1" * 41, "1e" + "9" * 40):
            await _refused_raw(served, calling("search_products", f'{{"text":"{MARK}","limit":{number}}}'))


async def test_half_a_character_is_refused(database: Database):
    async with open_house(database) as house, serve(house) as served:
        for text in ("\\ud800", "\\udc00x", "\\ud800\\ud800"):
            await _refused_raw(served, calling("search_products", f'{{"text":"{MARK}{text}"}}'))


async def _refused_raw(served: Served, body: bytes) -> None:
    answer = await served.raw(await served.key(Role.MANAGER), body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["data"]["error"]["code"]) == (400, -32600, "arguments.invalid")
    assert MARK not in answer.text


@pytest.mark.parametrize(
    "body", [b'{"a":[1,{"b":"\\ud83d\\ude00"}]}', b'{"a":1e3,"b":0.5,"c":-7}', '{"ä":"\\\\ud800"}'.encode(), b"[[", b""]
)
def test_a_body_of_one_meaning_or_none_is_left_to_its_reader(body: bytes):
    check(body)


async def test_whatever_came_past_the_door_is_refused_by_the_guard(database: Database):
    async with open_house(database) as house:
        for value in (float("nan"), "\ud800", {1, 2}, 10**5000):
            with pytest.raises(Refused) as refused:
                await house.guard.invoke(
                    actor(Role.MANAGER), "check_inventory", {"sku": value}, Origin(CorrelationId("call_1"), "call_1")
                )
            assert refused.value.code == "arguments.invalid"
            assert refused.value.__cause__ is None


@BOTH_ERAS
async def test_a_tool_name_nobody_would_give_is_unknown_and_not_repeated(database: Database, mode: str):
    strange = ("decide_approval\u200b", "check_inventory\u202e", "\u0441heck_inventory", "x" * 4000)
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        async with served.client(key, mode) as caller:
            for name in strange:
                with pytest.raises(MCPError) as refused:
                    await caller.call_tool(name, {})
                assert name not in str(refused.value)


async def test_a_key_used_for_another_request_says_nothing_of_the_first(database: Database):
    async with open_house(database) as house, serve(house) as served:
        key = await served.key(Role.MANAGER)
        await served.call(key, "propose_discount", DISCOUNT)
        told = await served.call(key, "propose_discount", {**DISCOUNT, "percent": 11})
        assert (told["error"]["code"], told["error"]["field"]) == ("idempotency.key_reused", "idempotency_key")
        assert not {"action_id", "approval_id"} & told["error"].keys()
        assert MARK not in json.dumps(told).replace(told["error"]["audit_id"], "")
        assert len(house.platform.done) == 1
