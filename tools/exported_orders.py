"""Purchase orders as files, for a person or an ERP to place: how one is carried out where no platform keeps orders."""

import csv
import io
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from policies.actions.reorder import CancelReorder, Reorder
from policies.errors import Unavailable
from tools.platform import Receipt, WriteContext

_COLUMNS: Final = ("order", "vendor", "sku", "location", "units", "unit_cost_minor", "currency")
_CANCELLED: Final = ("order", "vendor", "location", "cancelled_at")


class ExportedOrders:
    """Writes them into a folder, each once: a file is there whole or not at all, and is never written again."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    async def draft_order(self, order: Reorder, context: WriteContext) -> Receipt:
        """Write the order down, or find that an earlier try did.

        Raises:
            Unavailable: The folder cannot be written; the same call may be repeated.
        """
        rows = (
            (order.reference, order.vendor, line.sku, order.store, line.units, line.unit_cost, order.value.currency)
            for line in order.lines
        )
        return self._written(f"{order.reference}.csv", _COLUMNS, rows, context, undo="cancel_reorder")

    async def cancel_order(self, order: CancelReorder, context: WriteContext) -> Receipt:
        """Write down beside it that it is withdrawn: whoever placed it already sees what to take back."""
        name = order.reference.removesuffix(".csv")
        row = (name, order.vendor, order.store, self._now().isoformat())
        return self._written(f"{name}.cancelled.csv", _CANCELLED, [row], context)

    def _written(
        self, name: str, columns: Iterable[str], rows: Iterable[Iterable[object]], context: WriteContext, undo: str = ""
    ) -> Receipt:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        told = text.getvalue().encode()
        file = self._folder / name
        try:
            there = file.exists()
            if there:
                told = file.read_bytes()
            elif not context.dry_run:
                self._put(file, told)
        except OSError as error:
            raise Unavailable(
                f"The order cannot be written to {self._folder}.", code="orders.folder", hint="Free space, or rights."
            ) from error
        undo = "" if context.dry_run else undo
        digest = sha256(told).hexdigest()
        return Receipt("file", name, self._now(), there, undo, f"write {name}", digest, context.dry_run)

    def _put(self, file: Path, told: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        with draft.open("wb") as out:
            out.write(told)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
