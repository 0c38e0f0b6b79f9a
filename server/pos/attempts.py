"""Wrong PINs, counted before they are looked at: so many a register and a manager, then a quarter of an hour's rest.

A try is counted as wrong first and struck out when it was right: many at once get no further than one after another.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.errors import Refused

OF_MANAGER: Final = 5  # wrong ones in a row
OF_REGISTER: Final = 10
REST: Final = timedelta(minutes=15)
_LIMITS: Final = {"manager": OF_MANAGER, "register": OF_REGISTER}

# rows in one order for everybody, and locked until the try is counted
_TAKE = text(
    """
    INSERT INTO pos_attempt (scope, name, wrong) SELECT * FROM unnest(
        CAST(:scopes AS text[]), CAST(:names AS text[]), CAST(:wrong AS int[])) AS told(scope, name, wrong)
    ORDER BY scope, name
    ON CONFLICT (scope, name) DO UPDATE SET wrong = pos_attempt.wrong RETURNING scope, name, wrong, locked_until
    """
)
_COUNT = text("UPDATE pos_attempt SET wrong = :wrong, locked_until = :until WHERE scope = :scope AND name = :name")
_FORGET = text("DELETE FROM pos_attempt WHERE (scope, name) IN (('manager', :manager), ('register', :register))")


async def count_attempt(connection: Connection, manager: str, register: str, at: datetime) -> None:
    """Count one more try as wrong, in a transaction that commits before the PIN is looked at.

    Raises:
        Refused: `pin.locked`: one of them rests, and nothing is looked at.
    """
    told = {"scopes": ["manager", "register"], "names": [manager, register], "wrong": [0, 0]}
    rows = (await connection.execute(_TAKE, told)).all()
    rests = [row.locked_until for row in rows if row.locked_until is not None and row.locked_until > at]
    if rests:
        raise _locked(rests)
    for row in rows:
        wrong = 1 + (0 if row.locked_until is not None else row.wrong)  # after a rest it begins anew
        until = at + REST if wrong >= _LIMITS[row.scope] else None
        await connection.execute(_COUNT, {"scope": row.scope, "name": row.name, "wrong": wrong, "until": until})


async def forget_attempts(connection: Connection, manager: str, register: str) -> None:
    """The PIN was right."""
    await connection.execute(_FORGET, {"manager": manager, "register": register})


def _locked(rests: Sequence[datetime]) -> Refused:
    return Refused(
        "Too many wrong PINs: nobody may try until the rest is over.",
        code="pin.locked",
        hint=f"Try again at {max(rests):%H:%M} UTC, or answer in the console.",
    )
