"""A stream's events in memory, for the one fixture that breaks its stream and comes back."""

from itertools import count

from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage


class Events(EventStore):
    """Numbered across all streams."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._kept: list[tuple[int, str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        number = next(self._numbers)
        self._kept.append((number, stream_id, message))
        return str(number)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        last = int(last_event_id)
        stream = next((stream for number, stream, _ in self._kept if number == last), None)
        for number, of_stream, message in self._kept:
            if number > last and of_stream == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream
