"""`tillhand scannable`: offers as QR codes, each good for one sale; they pass the guard when they are scanned."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from policies.errors import NotFound, Refused
from policies.vocabulary.percent import Percent
from server.commands.context import Keyboard, operator_only
from tools.action_row import actor_facts
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.scannable.image import as_png, as_svg
from tools.scannable.token import ScannableOffer

AtKeyboard = Callable[[Keyboard, argparse.Namespace], Coroutine[Any, Any, int]]
MOST: Final = 1_000  # at once; who prints more asks again, and sees another record of it
_LONGEST: Final = 366  # days
_KNOWN: Final = "SELECT sku FROM variant WHERE sku = $1"


def add_scannable(commands: Any, at: Callable[[AtKeyboard], Any]) -> None:
    """Tell the command line what these commands take."""
    verbs = commands.add_parser("scannable", help="offers as QR codes").add_subparsers(required=True, metavar="VERB")
    one = verbs.add_parser("make", help="make some, as PNG and SVG; each is good for one sale")
    one.add_argument("sku")
    one.add_argument("--percent", required=True, help="off one unit")
    one.add_argument("--days", type=int, required=True, help="until it ends")
    one.add_argument("--count", type=int, default=1)
    one.add_argument("--location", default="", help="the only place it is good at; none: all")
    one.add_argument("--campaign", default="", help="the name it counts under")
    one.add_argument("--folder", type=Path, required=True, help="where the pictures go")
    one.set_defaults(run=at(make))


async def make(at: Keyboard, asked: argparse.Namespace) -> int:
    """Make them, and record how many of what."""
    operator_only(at)
    offers = await _offers(at, asked)
    secret = at.house.secret.derive("scannable")
    await asyncio.to_thread(_write, asked.folder, offers, secret)
    now = at.house.now()
    body = {
        "step": "scannable",
        "sku": asked.sku,
        "percent_bp": offers[0].percent.basis_points,
        "until": offers[0].until.isoformat(),
        "location": asked.location,
        "campaign": asked.campaign,
        "numbers": [each.number for each in offers],
        "by": actor_facts(at.actor),
    }
    async with at.house.database.transaction() as connection:
        await append(connection, [Entry("note", now, body, correlation=f"scannable:{uuid4().hex}")])
    said = f"{len(offers)} made, good until {offers[0].until:%Y-%m-%d %H:%M} UTC, in {asked.folder}."
    at.out.print(said, highlight=False, markup=False)
    return 0


async def _offers(at: Keyboard, asked: argparse.Namespace) -> Sequence[ScannableOffer]:
    house = at.house
    if not 1 <= asked.count <= MOST or not 1 <= asked.days <= _LONGEST:
        raise Refused(f"Between 1 and {MOST} at once, for 1 to {_LONGEST} days.", code="scan.range")
    try:
        percent = Percent(int(Decimal(asked.percent) * 100))
    except (InvalidOperation, ValueError) as error:
        raise Refused("The percentage is not a number.", code="scan.range", field="percent") from error
    if not await house.database.quick.rows(_KNOWN, asked.sku):
        raise NotFound("This sku is not in the catalog.", code="sku.unknown", field="sku")
    region = house.places.get(asked.location).region if asked.location else ""
    most = house.limits.place(region, asked.location).discount.percent_bp
    if not 0 < percent.basis_points <= most:
        raise Refused(
            f"An offer here is at most {Percent(most)}.",
            code="scan.percent",
            hint="The guard would refuse every one of them at the till.",
            field="percent",
        )
    until = house.now() + timedelta(days=asked.days)
    return [
        ScannableOffer.drawn(asked.sku, percent, until, location=asked.location, campaign=asked.campaign)
        for _ in range(asked.count)
    ]


def _write(folder: Path, offers: Sequence[ScannableOffer], secret: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in offers:
        text = each.text(secret)
        (folder / f"{each.number}.png").write_bytes(as_png(text))
        (folder / f"{each.number}.svg").write_bytes(as_svg(text))
