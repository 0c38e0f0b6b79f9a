"""What goes wrong at the platforms, told by the hourly look with its cause, its money and what to do; noise is not."""

import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from evals.retailer import actions
from evals.retailer.lightspeed.payloads import webhook
from evals.retailer.world import Order, Transfer
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from tests.flows.passing_hours import OTHER, SHOP, Hours, hours
from tools.proposal import Origin

pytestmark = pytest.mark.anyio
ADA = Actor("manager:ada", Role.MANAGER, None, Door.CLI)


async def send(told: Hours, lines: dict[str, int], key: str) -> Transfer:
    """Propose a transfer between the two shops, and have the platform send it."""
    house = told.opened.house
    asked = {
        "origin_id": OTHER,
        "destination_id": SHOP,
        "lines": [{"sku": sku, "units": units} for sku, units in lines.items()],
        "idempotency_key": key,
        "reason": "The other shop runs out",
    }
    await house.guard.invoke(ADA, "propose_transfer", asked, Origin(CorrelationId("story"), "story"))
    transfer = list(told.world.transfers.values())[-1]
    await move(told, transfer, "SENT")
    return transfer


async def move(told: Hours, transfer: Transfer, status: str) -> None:
    """Take a transfer to its next status, and deliver the webhook that tells of it."""
    actions.move_transfer(told.world, transfer, status)
    change = next(each for each in reversed(told.changes) if each.topic == "transfer.updated")
    for kind, body in webhook(change, told.world):
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        assert (await told.opened.lightspeed_says(kind, payload)).status_code == 200
    await told.listen()


async def lose(told: Hours, sku: str, units: int) -> Order:
    """A sale whose webhook is lost, and which the poll passes over."""
    sold = told.sell((sku, units))
    await told.pass_over_orders()
    await told.listen()
    return sold


async def test_each_fault_is_told_with_its_cause_money_and_fix_and_noise_is_not(database_url: str, tmp_path: Path):
    async with hours(database_url, tmp_path) as told:
        lost, double, wrong, right, pack, hand, late, moved, came, back, *taken = told.goods
        # noise: a till that was offline, goods booked in, a transfer that arrives, a count that is put right, a return
        told.sell((late, 2), occurred_at=told.world.now() - timedelta(hours=20))
        told.by_hand(back, 12)
        actions.refund(told.world, told.sell((back, 2)), {back: 1}, place=SHOP)
        arrives = await send(told, {came: 3}, "transfer-1")
        told.by_hand(came, -2, OTHER)
        await told.listen()
        told.by_hand(came, 2, OTHER)
        await move(told, arrives, "RECEIVED")
        never = await send(told, {moved: 4}, "transfer-2")  # does not arrive, and is waited for
        assert await told.after(6) == []
        told.pass_by(4 * 24)
        # a sale sent again by its till, one rung up on another sku than the one that was counted, a pack as pieces
        first = told.sell((double, 2), transaction="till-7-4711")
        again = told.sell((double, 2), transaction="till-7-4711")
        mistaken = told.sell((wrong, 1))
        told.by_hand(wrong, 1)
        told.by_hand(right, -1)
        await told.listen()
        packed = told.sell((pack, 1))
        told.by_hand(pack, -5)
        await told.listen()
        missing = await lose(told, lost, 3)
        told.by_hand(hand, -2)
        for sku in taken[:4]:
            told.by_hand(sku, -1, OTHER)
        assert {each.sku for each in await told.after(2)} == {double, wrong, right, pack, moved}
        found = {each.sku: each for each in await told.after(3)}
        costs = await told.costs()
        place = dict.fromkeys(taken[:4], OTHER)
        expected: dict[str, tuple[str, int, list[str]]] = {
            lost: ("lost", 3, [missing.id]),
            double: ("duplicate", 2, [first.id, again.id]),
            wrong: ("mapping", 1, [mistaken.id]),
            right: ("mapping", 1, [mistaken.id]),
            pack: ("units", 5, [packed.id]),
            moved: ("transfer", 4, [never.reference]),
            hand: ("by_hand", 2, []),
            **{sku: ("counted", 1, []) for sku in taken[:4]},
        }
        assert {sku: (each.cause, each.money, each.location) for sku, each in found.items()} == {
            sku: (cause, units * costs[sku], place.get(sku, SHOP)) for sku, (cause, units, _) in expected.items()
        }
        for sku, (_, units, names) in expected.items():
            assert abs(found[sku].ours - found[sku].theirs) == units
            assert {name.rpartition(":")[2] for name in found[sku].documents} == set(names)
            assert found[sku].fix
        # each is told once, and is gone when it is put right
        told.by_hand(hand, 2)
        await told.after(1)
        assert hand not in {each.sku for each in await told.after(1)}
