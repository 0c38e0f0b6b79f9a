"""What webhooks missed: both platforms say that they may lose some, and that polling is the right way to be sure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import text

from knowledge.events.event import Event
from knowledge.store.connection import Connection
from knowledge.store.session import Database, utc_now
from knowledge.unify.oddities import Oddity, keep_oddities
from server.queue.duplicates import as_change
from server.queue.inbox import Inbox

_PAGES = 500  # of one stream in one poll; what is left waits for the next one
_CURSOR = text("SELECT cursor FROM poll_cursor WHERE platform = :platform AND stream = :stream")
# `at` says up to when we know everything, so it moves only when a poll has read to the end
_KEEP = text(
    """
    INSERT INTO poll_cursor (platform, stream, cursor, at) VALUES (:platform, :stream, :cursor, 'epoch')
    ON CONFLICT (platform, stream) DO UPDATE SET cursor = excluded.cursor
    """
)
_COMPLETE = text("UPDATE poll_cursor SET at = :at WHERE platform = :platform AND stream = :stream")


class Changes(Protocol):
    """What a poll reads; `tools.platform.Changes` in the product."""

    streams: tuple[str, ...]

    async def since(self, stream: str, cursor: str) -> tuple[list[Event], str]:
        """Changes after the cursor, and the next cursor."""
        ...

    def unplaced(self) -> Sequence[str]:
        """The platform's names of locations that something was left out for since this was last asked."""
        ...


@dataclass(slots=True)
class Polled:
    """What one poll heard: changes in all, and those nobody had told before."""

    heard: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class Poller:
    """Asks one platform at a time. A change is stored before the cursor moves past it."""

    database: Database
    inbox: Inbox
    now: Callable[[], datetime] = utc_now

    async def poll(self, platform: str, changes: Changes) -> Polled:
        """Ask for everything since the last poll.

        Raises:
            Unavailable: The platform or the database does not answer; the next poll begins where this one stopped.
        """
        polled = Polled()
        for stream in changes.streams:
            await self._stream(platform, stream, changes, polled)
        if unplaced := changes.unplaced():
            async with self.database.transaction() as connection:
                await keep_oddities(connection, [_unknown(platform, name) for name in unplaced], self.now())
        return polled

    async def _stream(self, platform: str, stream: str, changes: Changes, polled: Polled) -> None:
        began = self.now()
        named = {"platform": platform, "stream": stream}
        async with self.database.reading() as connection:
            cursor = await _cursor(connection, platform, stream)
        for _ in range(_PAGES):
            events, following = await changes.since(stream, cursor)
            polled.heard += len(events)
            polled.new += await self.inbox.append_all([as_change(event) for event in events])
            async with self.database.transaction() as connection:
                await connection.execute(_KEEP, {**named, "cursor": following})
                if not events or following == cursor:
                    await connection.execute(_COMPLETE, {**named, "at": began})
                    return
            cursor = following


def _unknown(platform: str, name: str) -> Oddity:
    return Oddity(
        "unknown_location",
        f"{platform} location {name}",
        "It sells or counts, and is not in locations.toml: what it tells is left out.",
        f'Add it there with platform_id = "{name}"; tillhand import {platform} then brings what was left out.',
    )


async def _cursor(connection: Connection, platform: str, stream: str) -> str:
    found = await connection.execute(_CURSOR, {"platform": platform, "stream": stream})
    return found.scalar_one_or_none() or ""
