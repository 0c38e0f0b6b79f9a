"""complete_name: the names that begin with what somebody typed, of things they may look at anyway."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field
from sqlalchemy import text

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.action import Effect
from tools.tool import Answer, Arguments, Call, Tool

SHOWN: Final = 100  # names; the protocol allows no more in one completion
_SKUS = text("SELECT sku FROM variant WHERE starts_with(sku, :typed) ORDER BY sku LIMIT :limit")


class CompleteName(Arguments):
    """The beginning of a sku or of a location's id; empty for the first ones."""

    kind: Literal["sku", "location"]
    typed: Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")] = ""


class Names(Answer):
    """In alphabetical order."""

    names: tuple[str, ...]
    as_of: datetime
    truncated: bool


def names_tool(database: Database, places: Places, now: Callable[[], datetime]) -> Tool:
    """The tool over the catalog and the locations; completions ask it, a model has better ones."""

    async def complete(call: Call, asked: CompleteName) -> Names:
        if asked.kind == "location":
            found = sorted(place.id for place in places if call.actor.covers(place.id))
            names = [name for name in found if name.startswith(asked.typed)]
        else:
            async with database.reading() as connection:
                rows = await connection.execute(_SKUS, {"typed": asked.typed, "limit": SHOWN + 1})
                names = list(rows.scalars())
        return Names(names=tuple(names[:SHOWN]), as_of=now(), truncated=len(names) > SHOWN)

    return Tool(
        name="complete_name",
        toolset="shop",
        title="Complete a name",
        description="Skus or location ids that begin with some letters.",
        effect=Effect.READ,
        arguments=CompleteName,
        answer=Names,
        run=complete,
        listed=False,
    )
