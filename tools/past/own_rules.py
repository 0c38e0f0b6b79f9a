"""One action's decisions judged again, each under exactly the rules and limits that decided it."""

from dataclasses import dataclass

from knowledge.store.connection import Connection
from policies.engine import Engine
from policies.errors import NotFound
from tools.audit.recompute import Recomputed, decisions_of, read_recorded, recompute
from tools.past.ruleset import find_ruleset


@dataclass(frozen=True, slots=True)
class Again:
    """A decision judged again; `kept` is false when its own rules are nowhere, and those in force judged it."""

    told: Recomputed
    kept: bool

    @property
    def holds(self) -> bool:
        """Whether it came out the same under its own rules. With others it may differ, and proves nothing."""
        return self.told.equal or not self.told.same_rules


async def recompute_action(connection: Connection, engine: Engine, action: str) -> list[Again]:
    """Judge an action's decisions again, oldest first; those that failed before the rules were asked are left out.

    Args:
        connection: To read from.
        engine: The rules in force, for decisions whose own were never kept.
        action: Its id.

    Raises:
        NotFound: No action of this id was decided on.
        Misconfigured: The rules kept for it are not what they were.
    """
    found: list[Again] = []
    for entry in await decisions_of(connection, action):
        digest = read_recorded(entry).rules
        own = engine if digest == engine.digest else await find_ruleset(connection, digest)
        try:
            found.append(Again(recompute(entry, own or engine), kept=own is not None))
        except NotFound:
            continue
    return found
