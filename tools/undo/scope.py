"""What is to be taken back together: a run, an agent's hours, or a campaign."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import NotFound
from policies.vocabulary.actor import Actor

MOST: Final = 500  # actions in one batch; what is left is counted, and taken by the next one
_EVER: Final = datetime.min.replace(tzinfo=UTC)
Kind = Literal["run", "agent", "campaign"]

# Of what failed, only what was given up unanswered may have happened all the same (`tools.executor.TRIES`).
# Actions that take another one back are left alone: to undo those would do again what somebody has undone.
_IN_SCOPE: Final = """
    FROM action
    WHERE undoes IS NULL AND created_at <= :until AND (CAST(:everywhere AS bool) OR location_id = ANY(:places))
      AND (state IN ('executed', 'waiting', 'allowed', 'executing') OR (state = 'failed' AND attempts >= 8)) AND {which}
"""
_WHICH: Final[dict[Kind, str]] = {
    "run": "correlation_id = :name AND (:cause = '' OR causation_id = :cause)",
    "agent": "actor_id = :name AND created_at >= :since",
    "campaign": "facts ? 'campaign' AND facts ->> 'campaign' = :name",
}
# What an earlier batch could not take back comes last: a batch must not fill up with it.
_ORDER: Final = """
    ORDER BY EXISTS (SELECT FROM undo_item WHERE undo_item.action_id = action.id AND fate = 'stays'),
             created_at DESC, id DESC
    LIMIT :most
"""
_FIND: Final = {kind: text(f"SELECT id {_IN_SCOPE.format(which=which)} {_ORDER}") for kind, which in _WHICH.items()}
_COUNT: Final = {kind: text(f"SELECT count(*) {_IN_SCOPE.format(which=which)}") for kind, which in _WHICH.items()}
_STORY: Final = text(
    """
    SELECT correlation_id, cause FROM (
        SELECT correlation_id, id AS cause, 1 AS place FROM event WHERE id = :name
        UNION ALL
        SELECT correlation_id, '', 2 FROM event WHERE resource = :name AND resource <> ''
        UNION ALL
        SELECT correlation_id, '', 3 FROM action WHERE correlation_id = :name
    ) AS story ORDER BY place LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What to take back.

    Attributes:
        name: A run: an event's, order's or call's id, or a correlation id. Else the agent's or campaign's name.
        since: Of an agent's actions, the first moment that counts; other scopes reach back to the beginning.
        until: The last moment that counts: what is done later is not meant.
    """

    kind: Kind
    name: str
    until: datetime
    since: datetime | None = None

    def sentence(self) -> str:
        """The scope in a few words."""
        if self.kind != "agent" or self.since is None:
            return f"{self.kind} {self.name} until {self.until:%Y-%m-%d %H:%M:%S} UTC"
        return f"agent {self.name} from {self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC"

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        since = self.since.isoformat() if self.since else None
        return {"kind": self.kind, "name": self.name, "since": since, "until": self.until.isoformat()}

    @classmethod
    def read(cls, facts: dict[str, Any]) -> "Scope":
        """Back from JSON."""
        since = datetime.fromisoformat(facts["since"]) if facts["since"] else None
        return cls(facts["kind"], facts["name"], datetime.fromisoformat(facts["until"]), since)


async def find_scope(connection: Connection, scope: Scope, actor: Actor) -> tuple[list[str], int]:
    """Ids of what can still be taken back where this actor may act, newest first, and how many more there are.

    Raises:
        NotFound: No run has this id.
    """
    name, cause = scope.name, ""
    if scope.kind == "run":
        story = (await connection.execute(_STORY, {"name": scope.name})).one_or_none()
        if story is None:
            raise NotFound(
                "Nothing is known that this id set off.",
                code="undo.unknown_run",
                hint="Give the id of an event, an order or a call, or a correlation id as explain shows it.",
                field="name",
            )
        name, cause = story.correlation_id, story.cause
    asked: dict[str, Any] = {
        "name": name,
        "until": scope.until,
        "everywhere": actor.locations is None,
        "places": sorted(actor.locations or ()),
    }
    if scope.kind == "run":
        asked["cause"] = cause
    if scope.kind == "agent":
        asked["since"] = scope.since or _EVER
    ids = list((await connection.execute(_FIND[scope.kind], {**asked, "most": MOST})).scalars())
    total = len(ids) if len(ids) < MOST else (await connection.execute(_COUNT[scope.kind], asked)).scalar_one()
    return ids, int(total) - len(ids)
