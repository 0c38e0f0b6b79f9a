"""`tillhand audit`: whether the ledger is whole, and why something was done."""

from server.commands.context import Keyboard
from tools.audit.anchor import add_anchor, read_anchors
from tools.audit.ledger import head
from tools.audit.story import screen
from tools.audit.verify import verify
from tools.read.decision import Decisions


async def verify_ledger(at: Keyboard) -> int:
    """Recompute the whole chain; 1 when anything is not as it was written."""
    anchors = read_anchors(at.house.schedule.anchors)
    async with at.house.database.reading() as connection:
        found = await verify(connection, anchors)
    if found.whole:
        at.out.print(f"{found.records} records, all as they were written; {found.anchors} outside anchors agree.")
        at.out.print(f"The chain ends with {found.head.hash}.")
        return 0
    at.out.print(f"The ledger is not whole: {len(found.faults)} faults in {found.records} records.")
    for fault in found.faults:
        at.out.print(f"  {fault.what:8} {fault.sentence}")
    return 1


async def anchor(at: Keyboard) -> int:
    """Write the ledger's head down in the anchor file now, as the clock does every hour."""
    async with at.house.database.reading() as connection:
        last = await head(connection)
    added = add_anchor(at.house.schedule.anchors, last, at.house.now())
    at.out.print(f"Record {last.seq} is {'written down' if added else 'there already'}: {last.hash}", highlight=False)
    return 0


async def explain(at: Keyboard, name: str) -> int:
    """From an order, code, action, approval, event or story back to its cause, and on to its outcome: one screen."""
    answer = await at.house.guard.invoke(at.actor, "explain_decision", {"id": name}, at.origin())
    assert isinstance(answer, Decisions)  # noqa: S101  # this tool's answer
    told = screen(answer.stories, answer.notes, truncated=answer.truncated)
    at.out.print(told, markup=False, highlight=False, soft_wrap=True)
    return 0
