"""Transfers between two Shopify locations: drafted with a key and a name of ours, withdrawn while nothing moves."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from knowledge.store.places import Places
from policies.actions.transfer import CancelTransfer, Transfer
from policies.errors import Refused
from policies.vocabulary.ids import LocationId
from tools.connectors.rate_limit import Priority
from tools.connectors.receipts import CANCEL_TRANSFER, Done, receipt
from tools.connectors.shopify import operations
from tools.connectors.shopify.answers import codes_of, require_done
from tools.connectors.shopify.graphql import Admin
from tools.connectors.shopify.names import PLATFORM, gid, number_of
from tools.connectors.shopify.variants import VariantIds
from tools.connectors.stock_places import stock_place
from tools.platform import Receipt, WriteContext

_DRAFT = "DRAFT"
_READY = "READY_TO_SHIP"
_CANCELED = "CANCELED"
_GONE = "TRANSFER_NOT_FOUND"


class ShopifyTransfers:
    """Drafts and withdraws."""

    def __init__(self, admin: Admin, variants: VariantIds, places: Places, now: Callable[[], datetime]) -> None:
        self._admin = admin
        self._variants = variants
        self._places = places
        self._now = now

    async def draft(self, transfer: Transfer, context: WriteContext) -> Receipt:
        """Draft it, or find the draft of an earlier try.

        Shopify remembers a key for a while only, so the reference is looked for first.

        Raises:
            NotFound: A sku or a location is not known to Shopify.
        """
        wanted = await self._input(transfer, context)
        found, digest = await self._find(transfer)
        if found is not None or context.dry_run:
            reference = str(found["id"]) if found else ""
            done = Done(operations.CREATE_TRANSFER.call, digest, reference, replayed=found is not None)
            return receipt(PLATFORM, done, undo=CANCEL_TRANSFER, at=self._now(), context=context)
        variables = {"input": wanted, "key": context.key}
        data = await self._admin.ask(operations.CREATE_TRANSFER, variables, Priority.WRITE)
        payload = data["inventoryTransferCreate"]
        require_done(payload)
        done = Done(operations.CREATE_TRANSFER.call, data.digest, payload["inventoryTransfer"]["id"])
        return receipt(PLATFORM, done, undo=CANCEL_TRANSFER, at=self._now(), context=context)

    async def cancel(self, transfer: CancelTransfer, context: WriteContext) -> Receipt:
        """Withdraw it; one that is withdrawn, or deleted, is no error.

        Raises:
            Refused: Its goods are on their way, or there already.
        """
        data = await self._admin.ask(
            operations.TRANSFER, {"id": gid("InventoryTransfer", transfer.reference)}, Priority.WRITE
        )
        found: Mapping[str, Any] | None = data["inventoryTransfer"]
        status = found["status"] if found else _CANCELED
        if status not in {_DRAFT, _READY, _CANCELED}:
            raise Refused(
                "The goods are already on their way.", code="transfer.moving", hint="Receive it, and send them back."
            )
        if status == _CANCELED or context.dry_run or found is None:
            call = operations.CANCEL_TRANSFER.call
            done = Done(call, data.digest, transfer.reference, replayed=status == _CANCELED)
            return receipt(PLATFORM, done, undo="", at=self._now(), context=context)
        operation = operations.DELETE_TRANSFER if status == _DRAFT else operations.CANCEL_TRANSFER
        answer = await self._admin.ask(operation, {"id": found["id"]}, Priority.WRITE)
        payload = answer[operation.name]
        gone = _GONE in codes_of(payload)  # the answer to an earlier try was lost
        if not gone:
            require_done(payload)
        done = Done(operation.call, answer.digest, transfer.reference, replayed=gone)
        return receipt(PLATFORM, done, undo="", at=self._now(), context=context)

    async def _input(self, transfer: Transfer, context: WriteContext) -> dict[str, Any]:
        items = await self._variants.items([line.sku for line in transfer.lines], Priority.WRITE)
        return {
            "originLocationId": self._location(transfer.origin),
            "destinationLocationId": self._location(transfer.destination),
            "referenceName": transfer.reference,
            "note": context.reason[:255],
            "lineItems": [{"inventoryItemId": items[line.sku], "quantity": line.units} for line in transfer.lines],
        }

    async def _find(self, transfer: Transfer) -> tuple[Mapping[str, Any] | None, str]:
        """The transfer with our reference between these locations, newest first; withdrawn ones count too."""
        origin, destination = self._location(transfer.origin), self._location(transfer.destination)
        variables = {"query": f"origin_id:{number_of(origin)} destination_id:{number_of(destination)}", "after": None}
        data = await self._admin.ask(operations.TRANSFERS, variables, Priority.WRITE)
        nodes = data["inventoryTransfers"]["nodes"]
        found = next((node for node in nodes if node["referenceName"] == transfer.reference), None)
        return found, data.digest

    def _location(self, location: LocationId) -> str:
        return gid("Location", stock_place(self._places, location, PLATFORM).platform_id)
