"""How long it takes to know who stands at the till, among a million customers: one question by keyed hash.

Loyalty id, phone, e-mail address, payment fingerprint and the token of a check-in each find their customer through the
product's own `recognize`, hashing and the links of one customer in ten included. One core, one till after the other.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import text

from evals.row import Row
from knowledge.identity.match_key import MatchKeys
from knowledge.identity.normal import Kind
from knowledge.identity.resolve import recognize
from knowledge.store.embedded import start_embedded
from knowledge.store.migrate import migrate
from knowledge.store.session import Database, utc_now

CUSTOMERS: Final = 1_000_000
GOAL_MS: Final = 5.0
_PART: Final = 50_000  # rows written by one statement
_SAMPLES: Final = 4_000
_WARM_UP: Final = 400
_SEED: Final = 13
_SECRET: Final = b"a secret of the bench, of 32 bytes"
_KINDS: Final[tuple[Kind, ...]] = ("loyalty", "phone", "email", "payment", "check_in")
_CUSTOMER = text("INSERT INTO customer (ref, observed_at) SELECT unnest(CAST(:refs AS text[])), :at")
_KEY = text(
    "INSERT INTO match_key (kind, digest, ref)"
    " SELECT :kind, * FROM unnest(CAST(:digests AS text[]), CAST(:refs AS text[]))"
)
_LINKED = text(
    "INSERT INTO customer_identity (ref, identity)"
    " SELECT * FROM unnest(CAST(:refs AS text[]), CAST(:identities AS text[]))"
)
_ANALYZE: Final = text("ANALYZE")


async def measure() -> list[Row]:
    """Each kind of identifier in turn, drawn at random; `p99` is held to the goal."""
    with tempfile.TemporaryDirectory(prefix="tillhand-bench-", ignore_cleanup_errors=True) as folder:
        url = start_embedded(Path(folder) / "pg")
        await asyncio.to_thread(migrate, url)
        database, keys = Database(url), MatchKeys(_SECRET)
        try:
            await _fill(database, keys)
            took = await _asked(database, keys)
        finally:
            await database.close()
    took.sort()
    p50, p99 = took[len(took) // 2] / 1e6, took[len(took) * 99 // 100] / 1e6
    return [
        Row("lookup_customers", float(CUSTOMERS), "", "", None, None),
        Row("lookup_p50_ms", round(p50, 3), "ms", "", None, None),
        Row("lookup_p99_ms", round(p99, 3), "ms", f"< {GOAL_MS:.0f}", None, p99 < GOAL_MS),
        Row("lookup_max_ms", round(took[-1] / 1e6, 3), "ms", "", None, None),
    ]


async def _fill(database: Database, keys: MatchKeys) -> None:
    """Every customer under one identifier, the kinds in turn; one in ten linked with the one before."""
    for start in range(0, CUSTOMERS, _PART):
        numbers = range(start, start + _PART)
        async with database.transaction() as connection:
            await connection.execute(_CUSTOMER, {"refs": [_ref(number) for number in numbers], "at": utc_now()})
            for place, kind in enumerate(_KINDS):
                own = numbers[place :: len(_KINDS)]
                digests = [key.digest for number in own if (key := keys.key(kind, _identifier(kind, number)))]
                values = {"kind": kind, "digests": digests, "refs": [_ref(number) for number in own]}
                await connection.execute(_KEY, values)
            pairs = [(_ref(number), _ref(number - 1)) for number in numbers if number % 10 == 1]
            both = [(ref, other) for ref, other in pairs] + [(other, other) for _, other in pairs]
            await connection.execute(
                _LINKED, {"refs": [ref for ref, _ in both], "identities": [identity for _, identity in both]}
            )
    async with database.transaction() as connection:
        await connection.execute(_ANALYZE)


async def _asked(database: Database, keys: MatchKeys) -> list[int]:
    chance = Random(_SEED)
    took: list[int] = []
    for turn in range(_WARM_UP + _SAMPLES):
        number = chance.randrange(CUSTOMERS)
        kind = _KINDS[number % len(_KINDS)]
        identifier = _identifier(kind, number)
        begun = time.perf_counter_ns()
        found = await recognize(database.quick, keys.readings(kind, identifier))
        if turn >= _WARM_UP:
            took.append(time.perf_counter_ns() - begun)
        assert found == _ref(number - 1 if number % 10 == 1 else number)  # noqa: S101  # a bench of wrong answers is none
    return took


def _ref(number: int) -> str:
    return f"c_{number:020x}"


def _identifier(kind: Kind, number: int) -> str:
    if kind == "phone":
        return f"+1{2_010_000_000 + number}"
    return f"customer{number}@example.com" if kind == "email" else f"{kind}-{number:09}"
