"""Groups as they stand in the database: the one place that says which release counts and whom it was made from."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from knowledge.anonymity.figures import Figures
from knowledge.anonymity.habits import Traits
from knowledge.anonymity.release import Cohort
from knowledge.store.connection import Connection
from policies.vocabulary.ids import CustomerRef

_STATE = text("SELECT turn, number, slot, vectors, at FROM cohort_state WHERE id = 1")
_LOCK = text("SELECT turn, number, slot, vectors, at FROM cohort_state WHERE id = 1 FOR UPDATE")
_MOVE = text(
    """
    UPDATE cohort_state SET turn = turn + 1, number = :number, slot = :slot, vectors = :vectors, at = :at WHERE id = 1
    """
)
_TURN = text("UPDATE cohort_state SET turn = turn + 1 WHERE id = 1")
_COHORTS = text(
    """
    SELECT cohort.name, cohort.traits, cohort.figures, cohort.sentence, cohort.made, cohort.stale,
           array(SELECT ref FROM cohort_member WHERE cohort_member.name = cohort.name) AS members
    FROM cohort ORDER BY cohort.name
    """
)
_CLEAR = text("DELETE FROM cohort")
_ADD = text(
    """
    INSERT INTO cohort (name, id, traits, figures, sentence, made)
    SELECT name, id, traits, figures, sentence, made
    FROM json_populate_recordset(NULL::cohort, CAST(:rows AS json))
    """
)
_JOIN = text(
    """
    INSERT INTO cohort_member (name, ref)
    SELECT * FROM unnest(CAST(:names AS text[]), CAST(:refs AS text[]))
    """
)
_LEAVE = text("DELETE FROM cohort_member WHERE ref = ANY(CAST(:refs AS text[])) RETURNING name")
_STALE = text("UPDATE cohort SET stale = true WHERE name = ANY(CAST(:names AS text[]))")
_THIN = text(
    """
    SELECT name FROM cohort
    WHERE (SELECT count(*) FROM cohort_member WHERE cohort_member.name = cohort.name) < :least ORDER BY name
    """
)
_WITHDRAW = text("DELETE FROM cohort WHERE name = ANY(CAST(:names AS text[]))")
_SENTENCES = text("SELECT id, sentence FROM cohort ORDER BY name")


@dataclass(frozen=True, slots=True)
class State:
    """Which release stands.

    Attributes:
        turn: Grows with every change, erasures included.
        number: Of the release; 0 before the first.
        slot: Of the fixed schedule it was made for.
        vectors: LanceDB's table; "" before the first.
        at: When it was made.
    """

    turn: int
    number: int
    slot: int
    vectors: str
    at: datetime | None


def id_of(name: str) -> str:
    """What a group is cited by: the same in every release."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


async def read_state(connection: Connection, *, lock: bool = False) -> State:
    """As it is; locked until the transaction ends when asked for."""
    row: Any = (await connection.execute(_LOCK if lock else _STATE)).one()
    return State(int(row.turn), int(row.number), int(row.slot), str(row.vectors), row.at)


async def read_cohorts(connection: Connection) -> dict[str, Cohort]:
    """The standing groups with their members, by name."""
    return {
        str(row.name): Cohort(
            str(row.name),
            Traits(*row.traits),
            Figures(**row.figures),
            str(row.sentence),
            frozenset(CustomerRef(ref) for ref in row.members),
            int(row.made),
            bool(row.stale),
        )
        for row in await connection.execute(_COHORTS)
    }


async def keep(connection: Connection, cohorts: Sequence[Cohort], state: State) -> None:
    """Make these the standing groups, under this state's number, slot, table and time."""
    await connection.execute(_CLEAR)
    rows = [
        {
            "name": one.name,
            "id": id_of(one.name),
            "traits": list(one.traits),
            "figures": asdict(one.figures),
            "sentence": one.sentence,
            "made": one.made,
        }
        for one in cohorts
    ]
    await connection.execute(_ADD, {"rows": json.dumps(rows)})
    pairs = [(one.name, ref) for one in cohorts for ref in sorted(one.members)]
    await connection.execute(_JOIN, {"names": [name for name, _ in pairs], "refs": [ref for _, ref in pairs]})
    await connection.execute(
        _MOVE, {"number": state.number, "slot": state.slot, "vectors": state.vectors, "at": state.at}
    )


async def leave(connection: Connection, refs: Collection[CustomerRef]) -> int:
    """Take customers out of every group they were counted in; returns of how many."""
    names = list((await connection.execute(_LEAVE, {"refs": sorted(refs)})).scalars())
    if names:
        await connection.execute(_STALE, {"names": sorted(set(names))})
        await connection.execute(_TURN)
    return len(names)


async def thin(connection: Connection, least: int) -> list[str]:
    """Names of groups with fewer than `least` members left."""
    return list((await connection.execute(_THIN, {"least": least})).scalars())


async def withdraw(connection: Connection, names: Sequence[str], state: State) -> None:
    """Take these groups away; the state names the table without them."""
    await connection.execute(_WITHDRAW, {"names": list(names)})
    await connection.execute(
        _MOVE, {"number": state.number, "slot": state.slot, "vectors": state.vectors, "at": state.at}
    )


async def sentences(connection: Connection) -> dict[str, str]:
    """The standing groups' sentences by id."""
    return {str(row.id): str(row.sentence) for row in await connection.execute(_SENTENCES)}
