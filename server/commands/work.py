"""`tillhand worker`: works behind the doors, on any machine that reaches the database."""

from server.composition import compose
from server.settings import Settings


async def work(settings: Settings) -> int:
    """Drain lanes, carry out actions and keep the schedule until told to stop."""
    async with compose(settings) as house, house.jobs.opened():
        await house.rulebook.record("operator:start")
        async with house.rulebook.on_hangup():
            await house.jobs.work(house.tempo)
    return 0
