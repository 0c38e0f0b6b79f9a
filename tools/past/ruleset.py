"""Every set of rules that ever decided here, kept whole, so that each decision can be judged again under its own."""

import json
from datetime import datetime

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.engine import Engine
from policies.errors import Misconfigured
from policies.limits import Limits
from tools.audit.entry import canonical

_KEEP = text(
    """
    INSERT INTO ruleset (digest, rules, schema, limits, seen_at) VALUES (:digest, :rules, :schema, :limits, :at)
    ON CONFLICT (digest) DO NOTHING
    """
)
_FIND = text("SELECT rules, schema, limits FROM ruleset WHERE digest = :digest")


async def keep_ruleset(connection: Connection, engine: Engine, at: datetime) -> None:
    """Keep these rules under the digest their verdicts carry; call it before they decide anything."""
    told = {
        "digest": engine.digest,
        "rules": canonical(dict(engine.texts)),
        "schema": engine.schema,
        "limits": engine.limits.text,
        "at": at,
    }
    await connection.execute(_KEEP, told)


async def find_ruleset(connection: Connection, digest: str) -> Engine | None:
    """The rules of this digest, ready to judge; `None` when they never decided here.

    Raises:
        Misconfigured: They were altered where they are kept, or this version of the product cannot read them.
    """
    row = (await connection.execute(_FIND, {"digest": digest})).one_or_none()
    if row is None:
        return None
    engine = Engine(json.loads(row.rules), row.schema, Limits(row.limits))
    if engine.digest != digest:
        raise Misconfigured(
            f"The rules kept as {digest[:12]} are not the rules of that digest.",
            code="ruleset.altered",
            hint="Restore the table ruleset from a backup: somebody changed it.",
        )
    return engine
