"""What the operator does: dead letters, the stop switch, polling by hand."""

from rich.table import Table

from server.commands.context import Keyboard, operator_only
from server.queue.dead_letters import put_all_back, put_back, set_aside, unseal


async def list_set_aside(at: Keyboard) -> int:
    """Dead letters and parked events, newest first."""
    async with at.house.database.reading() as connection:
        found = await set_aside(connection)
    if not found:
        at.out.print("Nothing was given up, nothing was not understood.")
        return 0
    table = Table("id", "state", "from", "what", "location", "why", "received (UTC)", box=None)
    for one in found:
        table.add_row(
            one.id,
            one.state,
            one.source,
            one.name or one.topic,
            one.lane,
            one.error or "not understood",
            f"{one.received_at:%Y-%m-%d %H:%M:%S}",
        )
    at.out.print(table)
    return 0


async def retry(at: Keyboard, event_id: str) -> int:
    """Give one dead letter, or `all` of them, their attempts again."""
    operator_only(at)
    async with at.house.database.transaction() as connection:
        if event_id == "all":
            at.out.print(f"{await put_all_back(connection)} put back.")
        else:
            await put_back(connection, event_id)
            at.out.print("Put back.")
    return 0


async def open_parked(at: Keyboard, event_id: str) -> int:
    """Show a parked event's body as it was received; it may hold personal data."""
    operator_only(at)
    async with at.house.database.reading() as connection:
        body = await unseal(connection, event_id, at.house.sealer)
    at.out.print(body.decode("utf-8", "replace"), markup=False, highlight=False, soft_wrap=True)
    return 0


async def switch(at: Keyboard, asked: str) -> int:
    """Stop or start all specialists on this machine; the store is kept up to date regardless."""
    file = at.house.settings.stop_file
    if asked != "status":
        operator_only(at)
    if asked == "stop":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    elif asked == "start":
        file.unlink(missing_ok=True)
    at.out.print("Agents run." if at.house.agents() else "Agents are stopped.")
    return 0


async def poll(at: Keyboard) -> int:
    """Ask every platform for what webhooks missed, now."""
    for name, platform in at.house.platforms.items():
        polled = await at.house.poller.poll(name, platform.changes)
        at.out.print(f"{name}: {polled.heard} changes, {polled.new} of them news.")
    return 0
