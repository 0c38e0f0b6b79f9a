"""Transfers promise: a draft moves nothing, each status moves what the platform says, and calling off puts it back."""

import pytest

from evals.retailer import actions
from evals.retailer.world import Platform, Transfer, World

TEE = "PROD_001"
Counts = tuple[int, int, int]  # on hand, reserved, incoming


def _ask(world: World, platform: Platform, status: str) -> Transfer:
    origin, destination = _ends(platform)
    return actions.create_transfer(world, platform, origin, destination, {TEE: 2}, "low stock", status)


def _ends(platform: Platform) -> tuple[str, str]:
    return ("WAREHOUSE", "STORE_123") if platform == "shopify" else ("BACKROOM_WEST", "STORE_SEA")


def _counts(world: World, platform: Platform) -> tuple[Counts, Counts]:
    found = [world.levels[TEE, place] for place in _ends(platform)]
    first, second = [(level.on_hand, level.reserved, level.incoming) for level in found]
    return first, second


def _moved(before: tuple[Counts, Counts], after: tuple[Counts, Counts]) -> tuple[list[int], list[int]]:
    first, second = [[new - old for old, new in zip(*both, strict=True)] for both in zip(before, after, strict=True)]
    return first, second


@pytest.mark.parametrize(
    ("platform", "status", "moved"),
    [
        ("shopify", "DRAFT", ([0, 0, 0], [0, 0, 0])),
        ("shopify", "READY_TO_SHIP", ([0, 2, 0], [0, 0, 0])),
        ("shopify", "IN_PROGRESS", ([-2, 0, 0], [0, 0, 2])),
        ("shopify", "TRANSFERRED", ([-2, 0, 0], [2, 0, 0])),
        ("lightspeed", "OPEN", ([0, 0, 0], [0, 0, 0])),
        ("lightspeed", "SENT", ([-2, 0, 0], [0, 0, 2])),
        ("lightspeed", "RECEIVED", ([-2, 0, 0], [2, 0, 0])),
    ],
)
def test_each_status_moves_what_the_platform_says(
    world: World, platform: Platform, status: str, moved: tuple[list[int], list[int]]
):
    before = _counts(world, platform)
    transfer = _ask(world, platform, status)
    assert transfer.status == status
    assert _moved(before, _counts(world, platform)) == moved


@pytest.mark.parametrize(
    ("platform", "status"),
    [
        ("shopify", "DRAFT"),
        ("shopify", "READY_TO_SHIP"),
        ("shopify", "IN_PROGRESS"),
        ("lightspeed", "OPEN"),
        ("lightspeed", "SENT"),
    ],
)
def test_calling_off_before_arrival_puts_everything_back(world: World, platform: Platform, status: str):
    before = _counts(world, platform)
    transfer = _ask(world, platform, status)
    actions.move_transfer(world, transfer, "CANCELED" if platform == "shopify" else "CANCELLED")
    assert _counts(world, platform) == before


@pytest.mark.parametrize(
    ("platform", "status", "to"),
    [
        ("shopify", "TRANSFERRED", "CANCELED"),
        ("shopify", "CANCELED", "READY_TO_SHIP"),
        ("shopify", "DRAFT", "IN_PROGRESS"),
        ("lightspeed", "RECEIVED", "CANCELLED"),
        ("lightspeed", "OPEN", "READY_TO_SHIP"),
    ],
)
def test_a_transfer_goes_no_other_way(world: World, platform: Platform, status: str, to: str):
    cancelled = status == "CANCELED"
    transfer = _ask(world, platform, "DRAFT" if cancelled else status)
    if cancelled:
        actions.move_transfer(world, transfer, status)
    before = _counts(world, platform)
    with pytest.raises(actions.WrongState):
        actions.move_transfer(world, transfer, to)
    assert (transfer.status, _counts(world, platform)) == (status, before)


def test_only_a_draft_can_be_changed_or_deleted(world: World):
    draft, ready = _ask(world, "shopify", "DRAFT"), _ask(world, "shopify", "READY_TO_SHIP")
    actions.set_transfer_lines(world, draft, {TEE: 5})
    assert draft.lines == {TEE: 5}
    actions.delete_transfer(world, draft)
    assert list(world.transfers) == [ready.id]
    for change in (
        lambda: actions.set_transfer_lines(world, ready, {TEE: 5}),
        lambda: actions.delete_transfer(world, ready),
    ):
        with pytest.raises(actions.WrongState):
            change()


@pytest.mark.parametrize(
    ("origin", "destination", "lines"),
    [
        ("WAREHOUSE", "STORE_SEA", {TEE: 1}),
        ("ONLINE", "STORE_123", {TEE: 1}),
        ("WAREHOUSE", "NOWHERE", {TEE: 1}),
        ("WAREHOUSE", "WAREHOUSE", {TEE: 1}),
        ("WAREHOUSE", "STORE_123", {TEE: 0}),
        ("WAREHOUSE", "STORE_123", {"NOTHING": 1}),
    ],
)
def test_a_transfer_that_cannot_be_is_refused(world: World, origin: str, destination: str, lines: dict[str, int]):
    with pytest.raises(actions.Refusal):
        actions.create_transfer(world, "shopify", origin, destination, lines, "", "DRAFT")
    assert not world.transfers
