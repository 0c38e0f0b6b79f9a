"""What a command is given: the house, who sits at the keyboard, and a way to speak."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from rich.console import Console

from policies.errors import NotFound
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from server.access import authenticate, list_credentials, recognize
from server.composition import House, compose
from server.settings import Settings
from tools.proposal import Origin

# Whoever can start this command with the database's address and the secret file is the operator already.
OPERATOR: Final = Actor("operator:local", Role.OPERATOR, None, Door.CLI)


@dataclass(frozen=True, slots=True)
class Keyboard:
    """One run of one command."""

    house: House
    actor: Actor
    out: Console

    def origin(self) -> Origin:
        """A story of its own, begun at this keyboard."""
        call = uuid4().hex
        return Origin(CorrelationId(call), f"cli:{call}")


@asynccontextmanager
async def keyboard(settings: Settings, out: Console) -> AsyncGenerator[Keyboard]:
    """The house for one command, and its actor: whom `TILLHAND_KEY` belongs to, else the operator.

    Raises:
        Refused: The key is not in force.
    """
    async with compose(settings) as house:
        key = settings.key.get_secret_value()
        if not key:
            yield Keyboard(house, OPERATOR, out)
            return
        async with house.database.reading() as connection:
            actor = await authenticate(connection, key, Door.CLI)
        yield Keyboard(house, actor, out)


async def acting_as(house: House, actor_id: str, door: Door) -> Actor:
    """The actor of the newest credential in force with this id, for a client on the operator's own machine.

    Raises:
        NotFound: No credential in force has it.
    """
    async with house.database.reading() as connection:
        fitting = [
            each for each in await list_credentials(connection) if each.actor_id == actor_id and not each.revoked_at
        ]
        actor = await recognize(connection, fitting[-1].digest, door) if fitting else None
    if actor is None:
        raise NotFound(
            f"No credential in force belongs to {actor_id}.",
            code="credential.not_found",
            hint="tillhand credential list",
            field="as",
        )
    return actor
