"""Where overrides that were decided are written down: once per action, in force at once, and measured when they end."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from knowledge.planning.overrides import Measured, end_override, keep_override, settle
from knowledge.store.session import Database, utc_now
from policies.actions.forecast_override import CancelForecastOverride, ForecastOverride
from tools.action_row import find
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.platform import Receipt, WriteContext


@dataclass(frozen=True, slots=True)
class OverrideBook:
    """`tools.books.Overrides` over the unified store."""

    database: Database
    now: Callable[[], datetime] = utc_now

    async def keep(self, override: ForecastOverride, context: WriteContext) -> Receipt:
        """Write it down; its reference is the action's own id."""
        at = self.now()
        async with self.database.transaction() as connection:
            added = await keep_override(connection, override, action=context.action, by=context.actor, at=at)
        request = f"KEEP {override.sku} {override.percent:+d}"
        return _receipt(context, request, context.action, at, replayed=not added, undo="cancel_forecast_override")

    async def end(self, cancel: CancelForecastOverride, context: WriteContext) -> Receipt:
        """End it."""
        at = self.now()
        async with self.database.transaction() as connection:
            ended = await end_override(connection, cancel.reference, at)
        return _receipt(context, f"END {cancel.reference}", cancel.reference, at, replayed=not ended)

    async def measure(self) -> int:
        """Keep what came of overrides that have ended, with a record of each; returns how many are new."""
        at = self.now()
        async with self.database.transaction() as connection:
            entries: list[Entry] = []
            for each in await settle(connection, at):
                row = await find(connection, each.action) if each.action else None
                if row is not None:
                    entries.append(Entry("measured", at, _told(each), row.id, row.correlation))
            if entries:
                await append(connection, entries)
        return len(entries)


def _told(each: Measured) -> dict[str, object]:
    return {
        "said": f"{each.said:.1f}",
        "overridden": f"{each.overridden:.1f}",
        "sold": each.sold,
        "because": f"{each.said:.1f} units were foretold without it, {each.overridden:.1f} with it, {each.sold} sold",
    }


def _receipt(  # noqa: PLR0913
    context: WriteContext, request: str, reference: str, at: datetime, *, replayed: bool, undo: str = ""
) -> Receipt:
    digest = hashlib.sha256(f"{context.key} {request}".encode()).hexdigest()
    return Receipt("tillhand", reference, at, replayed, undo, request, digest)
