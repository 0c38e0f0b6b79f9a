"""Who holds a key, asked of the store for every call: a key that is revoked now opens nothing from now on.

Remembering the answer for a few seconds would leave a stolen key working for as long. Instead, calls that arrive while
the store is being asked about the same key share the next question: it is asked after they came, so it is never stale.
"""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

from knowledge.store.session import Database
from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import LocationId
from server.access import digest

_IN_FORCE: Final = """
    SELECT actor_id, role, locations, model FROM credential WHERE digest = $1 AND revoked_at IS NULL
    """


class Credentials:
    """Implements `server.mcp.auth.Authenticate` over the credentials the operator made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next: dict[str, asyncio.Task[Actor]] = {}  # the question about a key that has not been sent yet
        self._turns = WeakValueDictionary[str, asyncio.Lock]()  # one question about a key at a time

    async def __call__(self, key: str) -> Actor:
        """The actor of a key.

        Raises:
            Refused: It is unknown or revoked; which of the two is not told.
            Unavailable: The database does not answer, so nobody can be recognized.
        """
        name = digest(key)
        question = self._next.get(name)
        if question is None:
            question = self._next[name] = asyncio.create_task(self._ask(name))
        return await asyncio.shield(question)  # whoever hangs up does not hang up for the others

    async def _ask(self, name: str) -> Actor:
        turn = self._turns.setdefault(name, asyncio.Lock())
        async with turn:
            del self._next[name]  # from here on, whoever comes asks anew
            rows = await self._database.quick.rows(_IN_FORCE, name)
        if not rows:
            raise Refused("This key is not valid.", code="credential.unknown")
        row = rows[0]
        places = None if row["locations"] is None else frozenset(map(LocationId, row["locations"]))
        return Actor(row["actor_id"], Role(row["role"]), places, Door.MCP, model=row["model"])
