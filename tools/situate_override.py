"""The facts of an override: whether another one changes its days already, and how its maker's earlier ones came out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text

from knowledge.planning.overrides import RECORD, records_of
from knowledge.store.connection import Asked, Connection, Result
from policies.actions.forecast_override import ForecastOverride
from policies.situation import OverrideFacts

_WHOLE: Final = 10_000  # basis points
_IN_FORCE: Final = text(
    """
    SELECT sku, location_id, first_day, last_day FROM forecast_override
    WHERE sku = ANY(CAST(:skus AS text[])) AND cancelled_at IS NULL AND last_day >= :first
    """
)


@dataclass(frozen=True, slots=True)
class OverrideNews:
    """What the store knows around overrides.

    Attributes:
        days: Place, first and last day of those there are, by sku.
        records: The share that came true, by maker and cause.
    """

    days: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict[str, list[tuple[str, str, str]]])
    records: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])


@dataclass(frozen=True, slots=True)
class AskedOverrides:
    """The questions behind `OverrideNews`, asked."""

    in_force: Asked[Result]
    ended: Asked[Result]

    async def found(self) -> OverrideNews:
        """Their answers; once."""
        news = OverrideNews()
        for row in await self.in_force:
            news.days.setdefault(row.sku, []).append((row.location_id, row.first_day, row.last_day))
        news.records.update(records_of(await self.ended))
        return news


def ask_overrides(connection: Connection, overrides: Sequence[tuple[str, ForecastOverride]]) -> AskedOverrides | None:
    """Ask for what these makers' overrides look at; `None` when there are none."""
    if not overrides:
        return None
    first = min(override.first for _, override in overrides).isoformat()
    skus = sorted({str(override.sku) for _, override in overrides})
    makers = sorted({maker for maker, _ in overrides})
    return AskedOverrides(
        connection.ask(_IN_FORCE, {"skus": skus, "first": first}), connection.ask(RECORD, {"makers": makers})
    )


def override_facts(override: ForecastOverride, maker: str, news: OverrideNews) -> OverrideFacts:
    """The facts of one override."""
    first, last = override.first.isoformat(), override.last.isoformat()
    overlaps = any(
        begins <= last and ends >= first and (place == override.place or "" in {place, override.place})
        for place, begins, ends in news.days.get(override.sku, ())
    )
    return OverrideFacts(
        percent=abs(override.percent),
        days=override.days,
        everywhere=override.everywhere,
        overlaps=overlaps,
        record_bp=round(_WHOLE * news.records.get((maker, override.cause), 1.0)),
    )
