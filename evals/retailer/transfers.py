"""Goods between two places of one platform: asked for, set aside, on the way, arrived, or called off."""

from collections.abc import Callable, Mapping

from evals.retailer.identifiers import lightspeed_uuid, shopify_number
from evals.retailer.refusals import Unknown, WrongState
from evals.retailer.stock import shift, stock_place
from evals.retailer.world import Change, Platform, Transfer, World

_Step = Callable[[World, Transfer, str, int], None]


def create_transfer(  # noqa: PLR0913, PLR0917 - a transfer has this many facts
    world: World,
    platform: Platform,
    origin: str,
    destination: str,
    lines: Mapping[str, int],
    reference: str,
    status: str,
) -> Transfer:
    """Write down a transfer, as a draft (`DRAFT`, `OPEN`) that moves nothing, or further on.

    Raises:
        Unknown: A sku or place does not exist, or not on this platform.
        WrongState: The platform does not know the status, or the two places are one.
    """
    _require_places(world, platform, origin, destination)
    _require_lines(world, lines)
    draft, path = _DRAFT[platform], _PATHS[platform]
    if status != draft and status not in path:
        raise WrongState(f"A {platform} transfer does not begin as {status}.")
    serial = world.next_serial(f"{platform} transfer")
    on_shopify = platform == "shopify"
    now = world.now()
    transfer = Transfer(
        id=str(shopify_number("transfer", serial)) if on_shopify else lightspeed_uuid(world.seed, "transfer", serial),
        platform=platform,
        name=f"#T{serial:04d}" if on_shopify else f"Stock transfer {serial}",
        origin=origin,
        destination=destination,
        lines=dict(lines),
        status=draft,
        reference=reference,
        created_at=now,
        updated_at=now,
    )
    world.transfers[transfer.id] = transfer
    _announce(world, transfer)
    while transfer.status != status:
        move_transfer(world, transfer, path[path.index(transfer.status) + 1])
    return transfer


def set_transfer_lines(world: World, transfer: Transfer, lines: Mapping[str, int]) -> Transfer:
    """Replace what a draft asks for.

    Raises:
        Unknown: A sku does not exist, or a count is not above zero.
        WrongState: It is no draft any more.
    """
    if transfer.status != _DRAFT[transfer.platform]:
        raise WrongState(f"Transfer {transfer.name} is no draft.")
    _require_lines(world, lines)
    transfer.lines = dict(lines)
    _announce(world, transfer)
    return transfer


def move_transfer(world: World, transfer: Transfer, status: str) -> Transfer:
    """Take a transfer to its platform's next status, or call it off, with what that does to the stock.

    Ready (`READY_TO_SHIP`) reserves at the origin. Shipping (`IN_PROGRESS`, `SENT`) takes from there and is incoming
    at the destination. Receiving (`TRANSFERRED`, `RECEIVED`) puts it there. Calling off (`CANCELED`, `CANCELLED`)
    before that puts everything back. Like the platforms, it lets `available` fall below zero.

    Raises:
        WrongState: The transfer cannot go from its status to this one.
    """
    steps = _MOVES[transfer.platform].get((transfer.status, status))
    if steps is None:
        raise WrongState(f"Transfer {transfer.name} cannot go from {transfer.status} to {status}.")
    transfer.status = status
    _announce(world, transfer)
    for sku, units in transfer.lines.items():
        for step in steps:
            step(world, transfer, sku, units)
    return transfer


def delete_transfer(world: World, transfer: Transfer) -> None:
    """Forget a draft.

    Raises:
        WrongState: It is no draft any more.
    """
    if transfer.status != _DRAFT[transfer.platform]:
        raise WrongState(f"Transfer {transfer.name} is no draft.")
    del world.transfers[transfer.id]


def _require_places(world: World, platform: Platform, origin: str, destination: str) -> None:
    if stock_place(world, origin) != origin or stock_place(world, destination) != destination:
        raise Unknown("Goods move between places that hold goods.")
    if {world.places[origin].platform, world.places[destination].platform} != {platform}:
        raise Unknown(f"{origin} and {destination} are not both on {platform}.")
    if origin == destination:
        raise WrongState("A transfer needs two places.")


def _require_lines(world: World, lines: Mapping[str, int]) -> None:
    for sku, units in lines.items():
        if sku not in world.variants or units <= 0:
            raise Unknown(f"{units} of {sku} cannot be moved.")


def _announce(world: World, transfer: Transfer) -> None:
    transfer.updated_at = world.now()
    if transfer.platform == "lightspeed":
        transfer.version = world.next_version()
    world.announce(Change("transfer.updated", transfer.updated_at, transfer.platform, transfer))


def _reserve(world: World, transfer: Transfer, sku: str, units: int) -> None:
    shift(world, sku, transfer.origin, reserved=units)


def _release(world: World, transfer: Transfer, sku: str, units: int) -> None:
    shift(world, sku, transfer.origin, reserved=-units)


def _leave(world: World, transfer: Transfer, sku: str, units: int) -> None:
    shift(world, sku, transfer.origin, on_hand=-units)
    shift(world, sku, transfer.destination, incoming=units)


def _leave_reserved(world: World, transfer: Transfer, sku: str, units: int) -> None:
    shift(world, sku, transfer.origin, on_hand=-units, reserved=-units)
    shift(world, sku, transfer.destination, incoming=units)


def _arrive(world: World, transfer: Transfer, sku: str, units: int) -> None:
    shift(world, sku, transfer.destination, on_hand=units, incoming=-units)


def _come_back(world: World, transfer: Transfer, sku: str, units: int) -> None:
    shift(world, sku, transfer.destination, incoming=-units)
    shift(world, sku, transfer.origin, on_hand=units)


_DRAFT: dict[Platform, str] = {"shopify": "DRAFT", "lightspeed": "OPEN"}
_PATHS: dict[Platform, tuple[str, ...]] = {
    "shopify": ("DRAFT", "READY_TO_SHIP", "IN_PROGRESS", "TRANSFERRED"),
    "lightspeed": ("OPEN", "SENT", "RECEIVED"),
}
_MOVES: dict[Platform, dict[tuple[str, str], tuple[_Step, ...]]] = {
    "shopify": {
        ("DRAFT", "READY_TO_SHIP"): (_reserve,),
        ("DRAFT", "CANCELED"): (),
        ("READY_TO_SHIP", "IN_PROGRESS"): (_leave_reserved,),
        ("READY_TO_SHIP", "CANCELED"): (_release,),
        ("IN_PROGRESS", "TRANSFERRED"): (_arrive,),
        ("IN_PROGRESS", "CANCELED"): (_come_back,),
    },
    "lightspeed": {
        ("OPEN", "SENT"): (_leave,),
        ("OPEN", "RECEIVED"): (_leave, _arrive),  # received without having been marked as sent
        ("OPEN", "CANCELLED"): (),
        ("SENT", "RECEIVED"): (_arrive,),
        ("SENT", "CANCELLED"): (_come_back,),
    },
}
