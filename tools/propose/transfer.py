"""propose_transfer: move stock between two locations of one platform."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from knowledge.store.connection import Connection
from knowledge.store.places import Places
from policies.actions.action import Effect
from policies.actions.transfer import Transfer, TransferLine
from policies.errors import Refused
from policies.vocabulary.ids import LocationId, Sku
from policies.vocabulary.money import Money
from tools.propose.ask import Asking, Draft
from tools.propose.decided import Change, Decided
from tools.propose.naming import reference_for
from tools.propose.prices import prices
from tools.propose.write import WriteArguments
from tools.read.fields import Identifier, SkuText
from tools.read.place import known
from tools.tool import Call, Tool

_COUNTS = text(
    "SELECT location_id, sku, available FROM known_level"
    " WHERE location_id = ANY(CAST(:places AS text[])) AND sku = ANY(CAST(:skus AS text[]))"
)


class Goods(BaseModel):
    """Units of one sku."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sku: SkuText
    units: Annotated[int, Field(ge=1, le=10_000)]


class ProposeTransfer(WriteArguments):
    """Each sku once."""

    origin_id: Identifier
    destination_id: Identifier
    lines: Annotated[list[Goods], Field(min_length=1, max_length=100)]

    def location(self) -> LocationId:
        """The destination: its rules and roles apply; the origin is checked when the situation is gathered."""
        return LocationId(self.destination_id)


def transfer_tool(asking: Asking, places: Places) -> Tool:
    """The tool."""

    async def run(call: Call, asked: ProposeTransfer) -> Decided:
        async def draft() -> Draft:
            origin = known(places, asked.origin_id, "origin_id")
            destination = known(places, asked.destination_id, "destination_id")
            if origin == destination:
                raise Refused(
                    "A transfer needs two different locations.", code="transfer.same_location", field="destination_id"
                )
            units = {line.sku: line.units for line in asked.lines}
            if len(units) != len(asked.lines):
                raise Refused("Name each sku once in a transfer.", code="transfer.duplicate_sku", field="lines")
            async with asking.database.reading() as connection:
                priced = await prices(connection, sorted(units), "lines")
                changes = (
                    await _changes(connection, origin, destination, units) if asked.dry_run or asked.plan_id else ()
                )
            value = sum(priced[sku].value.minor * count for sku, count in units.items())
            currency = next(iter(priced.values())).value.currency
            return Draft(
                Transfer(
                    origin=origin,
                    destination=destination,
                    lines=tuple(TransferLine(sku=Sku(sku), units=units[sku]) for sku in sorted(units)),
                    value=Money(value, currency),
                    reference=reference_for(call.actor, asked.idempotency_key),
                ),
                {"values": [[sku, priced[sku].value.minor] for sku in sorted(units)]},
                min(each.seen_at for each in priced.values()),
                changes,
            )

        return await asking.ask("propose_transfer", call, asked, draft)

    return Tool(
        name="propose_transfer",
        toolset="stock",
        title="Propose a transfer",
        description="Ask to move stock between two locations of one platform.",
        effect=Effect.WRITE,
        arguments=ProposeTransfer,
        answer=Decided,
        run=run,
    )


async def _changes(
    connection: Connection, origin: LocationId, destination: LocationId, units: Mapping[str, int]
) -> tuple[Change, ...]:
    """Each sku's count at both ends, as it is known now and as it would be once the goods have arrived."""
    rows = await connection.execute(_COUNTS, {"places": [origin, destination], "skus": list(units)})
    counts = {(row.location_id, row.sku): int(row.available) for row in rows}
    return tuple(
        Change(
            what=f"{sku} at {place}",
            before=counts.get((place, sku), 0),
            after=counts.get((place, sku), 0) + sign * units[sku],
            unit="units",
        )
        for sku in sorted(units)
        for place, sign in ((origin, -1), (destination, 1))
    )
