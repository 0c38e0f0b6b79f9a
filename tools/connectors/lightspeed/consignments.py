"""Consignments between two outlets or from a supplier: OPEN moves nothing, and is found again by our reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from knowledge.store.places import Places
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import Refused
from tools.connectors.find_or_make import find_or_make
from tools.connectors.lightspeed.names import PLATFORM
from tools.connectors.lightspeed.products import ProductIds
from tools.connectors.lightspeed.rest import Call, Rest, Told
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import CANCEL_TRANSFER, Done, receipt
from tools.connectors.stock_places import stock_place
from tools.platform import Receipt, WriteContext

_CREATE = "POST /consignments"
_DELETE = "DELETE /consignments/{consignment_id}"
_OPEN = "OPEN"
_CANCELLED = "CANCELLED"
_NAME = 255  # characters


@dataclass(frozen=True, slots=True)
class _Draft:
    """A consignment's id, and the answer that told of it."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of one of Lightspeed's products."""

    product: str
    units: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A consignment as it is to be.

    Attributes:
        outlet: Where the goods are to arrive, as Lightspeed names it.
        reference: Our name for it.
        more: Its further fields.
    """

    outlet: str
    reference: str
    goods: Sequence[Goods]
    more: Mapping[str, str]


class Consignments:
    """Drafts and withdraws those of one type.

    Args:
        kind: OUTLET or SUPPLIER.
    """

    def __init__(self, rest: Rest, kind: str, now: Callable[[], datetime]) -> None:
        self._rest = rest
        self._kind = kind
        self._now = now
        self._known: dict[tuple[str, str], str] = {}  # (outlet, reference) -> id, as far as the list was read
        self._version: dict[str, int] = {}  # by outlet: how far that is

    async def draft(self, wanted: Wanted, context: WriteContext, *, undo: str) -> Receipt:
        """Draft it, or complete the draft of an earlier try."""
        if context.dry_run:
            found = await self._find(wanted.outlet, wanted.reference)
            return self._receipt(_CREATE, found or _Draft("", ""), context, replayed=found is not None)
        body = {
            "data": {
                "type": self._kind,
                "status": _OPEN,
                "name": context.reason[:_NAME] or wanted.reference,
                "outlet_id": wanted.outlet,
                "reference": wanted.reference,
                **wanted.more,
            }
        }

        async def make() -> _Draft:
            call = Call("POST", "/consignments", "/consignments", body=body, repeatable=False)
            made = await self._rest.ask(call, Priority.WRITE)
            return _Draft(str(made.data["id"]), made.digest)

        draft, replayed = await find_or_make(lambda: self._find(wanted.outlet, wanted.reference), make)
        await self._fill(draft, wanted.goods, new=not replayed)
        return self._receipt(_CREATE, draft, context, undo=undo, replayed=replayed)

    async def cancel(self, reference: str, context: WriteContext) -> Receipt:
        """Withdraw it; one that is withdrawn, or deleted, is no error.

        Raises:
            Refused: Its goods are on their way, or there already.
        """
        path = f"/consignments/{reference}"
        told = await self._get(path)
        status = _CANCELLED if told.missing else told.data["status"]
        if status not in {_OPEN, _CANCELLED}:
            raise _moving()
        if status == _CANCELLED or context.dry_run:
            draft = _Draft(reference, told.digest)
            return self._receipt(_DELETE, draft, context, replayed=status == _CANCELLED)
        gone = await self._rest.ask(Call("DELETE", path, "/consignments/{consignment_id}"), Priority.WRITE)
        if gone.conflict:
            raise _moving()
        # missing: the answer to the first of several tries was lost
        return self._receipt(_DELETE, _Draft(reference, gone.digest), context, replayed=gone.missing)

    async def _fill(self, draft: _Draft, goods: Sequence[Goods], *, new: bool) -> None:
        """Put the goods on the draft; of an earlier try's draft, only what is missing and while it is OPEN."""
        path = f"/consignments/{draft.id}"
        there: dict[str, Decimal] = {}
        if not new:
            told = await self._get(path)
            if told.missing or told.data["status"] != _OPEN:
                return
            rows = await self._rest.ask(
                Call("GET", f"{path}/products", "/consignments/{consignment_id}/products"), Priority.WRITE
            )
            there = {row["product_id"]: Decimal(str(row["count"])) for row in rows.data or ()}
        missing = [
            {"product_id": each.product, "count": str(each.units)}
            for each in goods
            if there.get(each.product) != each.units
        ]
        if missing:  # a count that is there already stays what it is, so this may be sent twice
            await self._rest.ask(
                Call("POST", f"{path}/bulk", "/consignments/{consignment_id}/bulk", body=missing), Priority.WRITE
            )

    async def _find(self, outlet: str, reference: str) -> _Draft | None:
        """The consignment with our reference; none can be searched for, so the list is read on from the last time."""
        filters = {"type": self._kind, "outlet_id": outlet}
        after = self._version.get(outlet, 0)
        async for page in self._rest.pages("/consignments", after=after, params=filters, priority=Priority.WRITE):
            for row in page:
                if row.get("reference"):
                    self._known[outlet, row["reference"]] = str(row["id"])
            self._version[outlet] = max(int(row["version"]) for row in page)
        found = self._known.get((outlet, reference))
        if found is None:
            return None
        told = await self._get(f"/consignments/{found}")
        return _Draft(found, told.digest)

    async def _get(self, path: str) -> Told:
        return await self._rest.ask(Call("GET", path, "/consignments/{consignment_id}"), Priority.WRITE)

    def _receipt(
        self, call: str, draft: _Draft, context: WriteContext, *, undo: str = "", replayed: bool = False
    ) -> Receipt:
        done = Done(call, draft.digest, draft.id, replayed)
        return receipt(PLATFORM, done, undo=undo, at=self._now(), context=context)


class LightspeedTransfers:
    """Transfers between two outlets, as OUTLET consignments."""

    def __init__(self, rest: Rest, products: ProductIds, places: Places, now: Callable[[], datetime]) -> None:
        self._products = products
        self._places = places
        self._consignments = Consignments(rest, "OUTLET", now)

    async def draft(self, transfer: Transfer, context: WriteContext) -> Receipt:
        """Draft it, or complete the draft of an earlier try.

        Raises:
            NotFound: A sku or a location is not known to Lightspeed.
        """
        origin = stock_place(self._places, transfer.origin, PLATFORM).platform_id
        destination = stock_place(self._places, transfer.destination, PLATFORM).platform_id
        ids = await self._products.of([line.sku for line in transfer.lines], Priority.WRITE)
        goods = tuple(Goods(ids[line.sku], line.units) for line in transfer.lines)
        wanted = Wanted(destination, transfer.reference, goods, {"source_outlet_id": origin})
        return await self._consignments.draft(wanted, context, undo=CANCEL_TRANSFER)

    async def cancel(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:
        """Withdraw it; one that is withdrawn, or deleted, is no error.

        Raises:
            Refused: Its goods are on their way, or there already.
        """
        return await self._consignments.cancel(transfer.reference, context)


def _moving() -> Refused:
    return Refused(
        "The goods are already on their way.", code="transfer.moving", hint="Receive it, and send them back."
    )
