"""`tillhand mcp`: one AI client over standard input and output."""

from policies.errors import Misconfigured
from policies.vocabulary.actor import Door
from server.commands.context import acting_as
from server.composition import compose
from server.mcp.endpoint import run_stdio
from server.settings import Settings


async def speak(settings: Settings, actor_id: str) -> int:
    """Serve the client until it hangs up. Standard output belongs to the protocol: nothing else is printed.

    Args:
        settings: With the key of whoever speaks, unless `actor_id` names somebody.
        actor_id: Act as this actor's credential; "" for the key's owner.

    Raises:
        Misconfigured: Nobody is named.
        NotFound: No credential in force belongs to the actor.
    """
    async with compose(settings) as house:
        key = settings.key.get_secret_value()
        if actor_id:
            actor = await acting_as(house, actor_id, Door.MCP)
        elif key:
            actor = await house.bearers.of_key(key, Door.MCP)
        else:
            raise Misconfigured(
                "Whose hands are these? Set TILLHAND_KEY, or name an actor.",
                code="mcp.nobody",
                hint="tillhand credential add, then tillhand mcp --as ACTOR.",
            )
        await run_stdio(house.guard, actor)
    return 0
