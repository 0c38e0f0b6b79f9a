"""A count that rises by a great deal asks a manager, by the newest counts; one that falls waits for nobody."""

from pathlib import Path

import pytest

from policies.vocabulary.actor import Actor, Door, Role
from tests.flows.shared_shelf import SHELF, TEE, shared_shelf

pytestmark = pytest.mark.anyio
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CLI)
_ASKED = (
    "SELECT action.state, (action.facts ->> 'after')::int FROM action JOIN approval ON approval.action_id = action.id"
    " WHERE action.kind = 'stock_sync' ORDER BY action.created_at"
)


async def test_a_rise_waits_for_a_manager_with_the_newest_count_and_a_fall_for_nobody(
    database_url: str, tmp_path: Path
):
    async with shared_shelf(database_url, tmp_path) as shelf:
        house = shelf.opened.house
        shelf.put(800)
        await shelf.sync()
        assert (shelf.counts, await shelf.rows(_ASKED)) == ((800, 10), [("waiting", 800)])
        await shelf.sync()
        assert await shelf.rows(_ASKED) == [("waiting", 800)]  # nobody is asked twice about the same
        shelf.sell_at_till(1)
        await shelf.sync()
        assert (shelf.counts, await shelf.rows(_ASKED)) == ((799, 10), [("rejected", 800), ("waiting", 799)])
        await house.reservations.reserve("T-1", TEE, SHELF, 4)  # a side that shows too little keeps no promise from it
        assert (await shelf.rows(_ASKED))[-1] == ("waiting", 795)
        await house.reservations.end("T-1", SHELF)
        await shelf.sync()
        [waiting] = await house.guard.waiting(ADA)
        await house.guard.answer(ADA, waiting.approval_id, approve=True)
        await shelf.sync()
        assert shelf.counts == (799, 799)
        shelf.put(0)
        await shelf.sync()
        assert shelf.counts == (0, 0)
        shelf.put(900)
        await shelf.sync()
        shelf.put(20)
        await shelf.sync()
        assert shelf.counts == (20, 20)
        assert await house.guard.waiting(ADA) == []
