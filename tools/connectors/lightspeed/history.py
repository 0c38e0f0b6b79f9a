"""Lightspeed's past, by version cursors: from the first version on, until a page is empty.

https://x-series-api.lightspeedhq.com/docs/pagination
"""

from collections.abc import Mapping
from typing import Any, Final

from policies.errors import NotFound, Refused
from tools.connectors.lightspeed.changes import LightspeedChanges, version_in
from tools.history import LeftOut, Page

_STREAMS: Final = {"products": "products", "customers": "customers", "stock": "inventory", "orders": "orders"}
_GAP: Final = "cursor.gap"


class LightspeedHistory:
    """Reads it; returns are sales of their own there."""

    kinds: tuple[str, ...] = tuple(_STREAMS)

    def __init__(self, changes: LightspeedChanges) -> None:
        self._changes = changes

    def again(self, place: Mapping[str, Any]) -> Mapping[str, Any]:
        """Behind the last version."""
        return place

    async def read(self, kind: str, place: Mapping[str, Any]) -> Page:
        """The page after the version in `place`."""
        if kind not in _STREAMS:
            raise Refused("There is no such kind.", code="stream.unknown", field="kind")
        stream, after = _STREAMS[kind], int(place.get("after", 0))
        told = await self._changes.page(stream, after)
        if _gap(told.body, told.data, after):  # a page that was cut short on its way comes whole the second time
            told = await self._changes.page(stream, after)
        rows: list[Mapping[str, Any]] = told.data or []
        if not rows:
            gap = _gap(told.body, rows, after)
            return Page([], dict(place), left_out=[LeftOut(f"versions {gap}", _GAP)] if gap else [], done=True)
        page = Page([], {"after": max(after, *map(version_in, rows))}, rows=len(rows))
        if gap := _gap(told.body, rows, after):
            page.left_out.append(LeftOut(f"versions {gap}", _GAP))
        for row in rows:
            try:
                event = await self._changes.event(stream, row)
            except (NotFound, Refused) as error:
                page.left_out.append(LeftOut(f"version {version_in(row)}", error.code))
                continue
            if event is not None:
                page.told.append(event)
        return page


def _gap(body: Any, rows: Any, after: int) -> str:
    """Which versions a page says it holds and does not; "" when it is whole.

    Versions are counted across everything the retailer has, so that one list skips some says nothing. A page whose own
    first version is not on it, or one that goes back behind the cursor, was not read whole; what is missing at its end
    comes with the next one.
    """
    whole: Any = body
    said: Mapping[str, Any] = (whole.get("version") or {}) if isinstance(body, dict) else {}
    if not said.get("max"):
        return ""
    versions = [version_in(row) for row in rows or ()]
    first, last = int(said.get("min") or 0), int(said["max"])
    if not versions:
        return f"{first} to {last}" if last > after else ""
    if min(versions) <= after:
        return f"{min(versions)} to {after}"
    return f"{first} to {min(versions) - 1}" if min(versions) > first > after else ""
