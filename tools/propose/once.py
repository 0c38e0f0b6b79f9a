"""A retry proposes exactly what was proposed first, though prices, counts and the clock have moved since.

What a write tool builds depends on the moment: prices of now, a code valid from now. The guard compares whole actions,
so a retry must bring the first one back; whether it is a retry is decided on the request, not on what was made of it.
"""

from typing import Final

from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Actor
from tools.action_row import ActionRow, action_id, find

KEY_REUSED: Final = "idempotency.key_reused"


async def earlier(database: Database, actor: Actor, key: str) -> ActionRow | None:
    """The action this actor's key already stands for, or `None` when the key is new."""
    async with database.reading() as connection:
        return await find(connection, action_id(actor, key))


async def first_of(database: Database, actor: Actor, key: str, digest: str) -> ActionRow | None:
    """The same, when it was made by a request of this digest.

    Raises:
        Refused: The key was used for another request.
    """
    row = await earlier(database, actor, key)
    if row is not None and row.proposal["evidence"].get("request") != digest:
        raise key_reused()
    return row


def key_reused() -> Refused:
    """The refusal of a key that already stands for something else."""
    return Refused(
        "This idempotency key was already used for another request.",
        code=KEY_REUSED,
        hint="Repeat the first request exactly, or choose a new key for a new request.",
        field="idempotency_key",
    )
