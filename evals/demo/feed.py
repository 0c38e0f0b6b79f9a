"""The live feed: what the guard decides and what people answer, read from the store as it happens."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from evals.demo.words import answer_said, said
from evals.retailer.world import World
from knowledge.store.session import Database

Mark = Literal["done", "waits", "refused", "answered"]
Tell = Callable[[Mark, str], None]

_LOOK_EVERY: Final = 0.25  # seconds
_DECIDED = text(
    """
    SELECT id, facts, state, verdict, actor_id, actor ->> 'door' AS door, created_at FROM action
    WHERE created_at >= :since ORDER BY created_at, id LIMIT 500
    """
)
_ANSWERED = text(
    """
    SELECT approval.id, approval.state, approval.decided_by, approval.decided_at, action.facts
    FROM approval JOIN action ON action.id = approval.action_id
    WHERE approval.decided_at >= :since AND approval.decided_by <> '' ORDER BY approval.decided_at, approval.id
    """
)


class Feed:
    """Tells each decision and each answer once."""

    def __init__(self, database: Database, world: World, since: datetime, tell: Tell) -> None:
        self._database = database
        self._world = world
        self._decided = self._answered = since
        self._tell = tell
        self._told: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Tell what is new."""
        async with self._database.reading() as connection:
            decided = (await connection.execute(_DECIDED, {"since": self._decided})).all()
            answered = (await connection.execute(_ANSWERED, {"since": self._answered})).all()
        for row in decided:
            self._decided = row.created_at
            if self._new(row.id):
                self._tell(_mark(row.state), said(self._world, row))
        for row in answered:
            self._answered = row.decided_at
            if self._new(row.id):
                self._tell("answered", answer_said(self._world, row))

    def _new(self, name: str) -> bool:
        fresh = name not in self._told
        self._told.add(name)
        return fresh


def _mark(state: str) -> Mark:
    if state == "denied":
        return "refused"
    return "waits" if state in {"waiting", "rejected", "expired"} else "done"
