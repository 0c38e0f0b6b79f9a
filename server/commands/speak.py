"""`tillhand mcp`: one AI client over standard input and output."""

import logging
from functools import partial

from policies.vocabulary.actor import Actor, Door
from server.access import digest
from server.bearers import recognize, recognize_actor
from server.composition import House, compose
from server.mcp.action_tasks import ActionTasks
from server.mcp.endpoint import run_stdio
from server.mcp.listing import record_listing
from server.mcp.local import LocalActor
from server.mcp.shown import Shown
from server.settings import Settings

logger = logging.getLogger(__name__)


async def speak(settings: Settings, actor_id: str) -> int:
    """Serve the client until it hangs up. Standard output belongs to the protocol: nothing else is printed.

    Args:
        settings: With the key of whoever speaks, or the id of an actor who holds one.
        actor_id: Act as this actor; "" for whom the settings name. Without either, the client sees no tool at all.
    """
    async with compose(settings) as house:
        local = LocalActor(partial(_configured, house, actor_id or settings.stdio_actor))
        if await _configured(house, actor_id or settings.stdio_actor) is None:
            logger.warning(
                "Nobody is signed in, so no tool is shown: set TILLHAND_KEY, or TILLHAND_STDIO_ACTOR to whoever "
                "`tillhand credential list` names."
            )
        await record_listing(house.guard, house.tools.values())
        tasks = ActionTasks(house.database, house.guard, house.now)
        await run_stdio(house.guard, local, Shown(tasks=tasks, console=settings.console_url))
    return 0


async def _configured(house: House, actor_id: str) -> Actor | None:
    """Whoever this pipe was given to, as the store has them now. A named actor goes before a key."""
    quick, at = house.database.quick, house.now()
    if actor_id:
        return await recognize_actor(quick, actor_id, Door.MCP, at)
    key = house.settings.key.get_secret_value()
    return await recognize(quick, digest(key), Door.MCP, at) if key else None
