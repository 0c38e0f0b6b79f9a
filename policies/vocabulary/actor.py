"""Who acts, with which role, for which locations, on behalf of whom."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from policies.vocabulary.ids import LocationId

_Name = TypeVar("_Name", bound=str)

TOOLSETS: Final = frozenset({"shop", "customers", "offers", "stock", "approvals", "decisions"})
"""Groups of tools a credential may be narrowed to; OAuth calls them `tillhand:shop` and so on."""

REGISTER_DOORS: Final = "register"
"""What a narrowed credential needs besides its role at the doors of registers, `/v1/*`: no tool is behind them."""


class Role(StrEnum):
    """What an actor is in the shop; Cedar rules grant powers to roles, never to people."""

    ASSOCIATE = "associate"
    MANAGER = "manager"
    PLANNER = "planner"
    FRAUD_ANALYST = "fraud_analyst"
    MARKETING = "marketing"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    OFFERS_SPECIALIST = "offers_specialist"
    INVENTORY_SPECIALIST = "inventory_specialist"
    REGISTER = "register"  # a till asking for an offer at checkout
    LINKER = "linker"  # compares customers at night; what it is certain of it links, by figures alone
    SYNC = "sync"  # keeps counts of the same goods alike on two platforms; no model has a part in it

    @property
    def person(self) -> bool:
        """Whether a human being answers for this role: only those may approve."""
        return self in _PEOPLE


_PEOPLE: Final = frozenset(
    {
        Role.ASSOCIATE,
        Role.MANAGER,
        Role.PLANNER,
        Role.FRAUD_ANALYST,
        Role.MARKETING,
        Role.AUDITOR,
        Role.OPERATOR,
    }
)


class Door(StrEnum):
    """How the actor reached us; recorded, and a rule may look at it."""

    EVENT = "event"
    MCP = "mcp"
    CHECKOUT = "checkout"
    TILL = "till"  # the extension on a register's screen, by whoever is signed in there or types a PIN
    CONSOLE = "console"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated actor. Built by a door from a credential, never from an argument.

    Attributes:
        id: A stable name, such as `manager:ada` or `specialist:offers`.
        locations: Where the actor may look and act; `None` means every location.
        model: True when a language model chooses the words or calls: such an actor never approves.
        on_behalf_of: The person a model acts for; "" when it acts for nobody but itself.
        toolsets: What the credential was narrowed to, of `TOOLSETS` and `REGISTER_DOORS`; `None`: all the role may use.
        read_only: True when this request may only look, whatever the role.
    """

    id: str
    role: Role
    locations: frozenset[LocationId] | None
    door: Door
    model: bool = False
    on_behalf_of: str = ""
    toolsets: frozenset[str] | None = None
    read_only: bool = False

    def covers(self, location: LocationId) -> bool:
        """Whether the actor's locations include this one."""
        return self.locations is None or location in self.locations

    def for_person(self, person: "Actor") -> "Actor":
        """This actor working for a person: both must be allowed, and whoever works for another never approves.

        Raises:
            ValueError: Their roles differ: no role is what two roles have in common.
        """
        if self.role is not person.role:
            raise ValueError("an actor works for a person of the same role")
        return replace(
            self,
            locations=both(self.locations, person.locations),
            toolsets=both(self.toolsets, person.toolsets),
            model=True,
            on_behalf_of=person.id,
            read_only=self.read_only or person.read_only,
        )


def both(one: AbstractSet[_Name] | None, other: AbstractSet[_Name] | None) -> frozenset[_Name] | None:
    """What two limits leave; `None` is no limit."""
    if one is None or other is None:
        left = other if one is None else one
        return None if left is None else frozenset(left)
    return frozenset(one & other)
