"""Many links carried out at once: a night's certain ones take seconds, where one after the other took minutes."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from knowledge.store.places import Places
from knowledge.store.session import Database
from policies.actions.profile_link import ProfileLink
from policies.engine import Engine
from policies.errors import Misconfigured, TillhandError
from policies.vocabulary.ids import ActionId
from tools.action_row import ActionRow, done, settle, write_key
from tools.audit.entry import Entry
from tools.audit.ledger import append
from tools.books import Links
from tools.decide import Answered, decide
from tools.proposal import Decision
from tools.record import Request
from tools.write_context import context_of

_ONCE: Final = 1  # try: a burst is not tried again; what was left undone is taken over one by one


async def link_all(  # noqa: PLR0913, PLR0917  # the guard's own parts
    database: Database,
    engine: Engine,
    places: Places,
    links: Links | None,
    requests: Sequence[Request],
    now: Callable[[], datetime],
) -> list[Answered]:
    """Decide these links in one transaction, and carry out together what is allowed; one asked before as it stands.

    Raises:
        Misconfigured: Nobody here writes links down.
    """
    if links is None:
        raise Misconfigured("Nobody here writes down which customers are one person.", code="identity.missing")
    async with database.transaction() as connection:
        decided = await decide(connection, engine, places, requests, now(), claim=True)
    rows = list(decided.claimed.values())
    done = await _join_all(database, links, rows, now()) if rows else {}
    return [
        each if isinstance(each, TillhandError) or each.replayed else done.get(ActionId(each.action_id), each)
        for each in decided.answers
    ]


async def _join_all(
    database: Database, links: Links, rows: Sequence[ActionRow], at: datetime
) -> dict[ActionId, Decision]:
    """Write down these links, and what became of each, in two transactions.

    Dying between them is harmless: whoever takes an action over finds its link told, and adds nothing.

    Args:
        database: Where actions are kept.
        links: Where links are written down.
        rows: Claimed actions, all of them links.
        at: Now.
    """
    asked = [(row.action, context_of(row)) for row in rows if isinstance(row.action, ProfileLink)]
    told = await links.say_all(asked)
    decisions: dict[ActionId, Decision] = {}
    entries: list[Entry] = []
    async with database.transaction() as connection:
        for row, answer in zip(rows, told, strict=True):
            if isinstance(answer, TillhandError):
                settle(connection, row.id, "failed", at, error=answer.message)
                refused = {"code": answer.code, "sentence": answer.message, "effect": "none"}
                entries.append(Entry("failed", at, refused, row.id, row.correlation))
                decisions[row.id] = replace(row, state="failed", error=answer.message).decision()
                continue
            receipt: dict[str, Any] = {**asdict(answer), "at": answer.at.isoformat()}
            done(connection, row.id, at, receipt)
            body = {**receipt, "key": write_key(row.id), "tries": _ONCE, "approval": ""}
            entries.append(Entry("executed", at, body, row.id, row.correlation))
            decisions[row.id] = replace(row, state="executed", receipt=receipt).decision()
        await append(connection, entries)
    return decisions
