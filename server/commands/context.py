"""What a command is given: the house, who sits at the keyboard, and a way to speak."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from rich.console import Console

from policies.errors import Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId
from server.bearers import authenticate, whole
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
        yield Keyboard(house, whole(await authenticate(house.database.quick, key, Door.CLI, house.now())), out)


def operator_only(at: Keyboard) -> None:
    """Refuse everybody else.

    Raises:
        Refused: `access.role`.
    """
    if at.actor.role is not Role.OPERATOR:
        raise Refused("Only the operator may do this.", code="access.role", hint="Unset TILLHAND_KEY.")
