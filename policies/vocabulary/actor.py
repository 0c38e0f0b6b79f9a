"""Who acts, with which role, for which locations, on behalf of whom."""

from dataclasses import dataclass
from enum import StrEnum

from policies.vocabulary.ids import LocationId


class Role(StrEnum):
    """What an actor is in the shop; Cedar rules grant powers to roles, never to people."""

    ASSOCIATE = "associate"
    MANAGER = "manager"
    PLANNER = "planner"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    OFFERS_SPECIALIST = "offers_specialist"
    INVENTORY_SPECIALIST = "inventory_specialist"
    REGISTER = "register"  # a till asking for an offer at checkout

    @property
    def person(self) -> bool:
        """Whether a human being answers for this role: only those may approve."""
        return self in {Role.ASSOCIATE, Role.MANAGER, Role.PLANNER, Role.AUDITOR, Role.OPERATOR}


class Door(StrEnum):
    """How the actor reached us; recorded, and a rule may look at it."""

    EVENT = "event"
    MCP = "mcp"
    CHECKOUT = "checkout"
    CONSOLE = "console"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated actor. Built by a door from a credential, never from an argument.

    Attributes:
        id: A stable name, such as `manager:ada` or `specialist:offers`.
        locations: Where the actor may look and act; `None` means every location.
        model: True when a language model chooses the words or calls: such an actor never approves.
    """

    id: str
    role: Role
    locations: frozenset[LocationId] | None
    door: Door
    model: bool = False
    on_behalf_of: str = ""

    def covers(self, location: LocationId) -> bool:
        """Whether the actor's locations include this one."""
        return self.locations is None or location in self.locations
