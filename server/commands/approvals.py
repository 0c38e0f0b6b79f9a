"""`tillhand approve`: a person's answers, through the same guard as everybody's."""

from rich.table import Column, Table

from server.commands.context import Keyboard
from server.edit import read_edit
from tools.proposal import Decision


async def list_waiting(at: Keyboard) -> int:
    """What waits for a person, longest first."""
    waiting = await at.house.guard.waiting(at.actor)
    if not waiting:
        at.out.print("Nothing waits.")
        return 0
    # an id cut short is of no use to whoever has to type it
    approval = Column("approval", no_wrap=True, min_width=max(len(one.approval_id) for one in waiting))
    table = Table(approval, "what", "at stake", "location", "why asked", "expires (UTC)", box=None)
    for one in waiting:
        table.add_row(
            one.approval_id,
            one.action.sentence(),
            str(one.action.money_at_stake),
            one.location,
            " ".join(one.reasons) or one.rationale,
            f"{one.expires_at:%Y-%m-%d %H:%M:%S}",
        )
    at.out.print(table)
    return 0


async def answer(at: Keyboard, approval_id: str, *, yes: bool, note: str) -> int:
    """Say yes or no; needs `TILLHAND_KEY` of a manager."""
    tell(at, await at.house.guard.answer(at.actor, approval_id, yes, note))
    return 0


async def take(at: Keyboard, approval_id: str, percent: str, units: str, note: str) -> int:
    """Carry a waiting action through as one's own, as it is or for less; needs `TILLHAND_KEY` of a manager."""
    tell(at, await at.house.guard.take(at.actor, approval_id, edit=read_edit(percent, units), note=note))
    return 0


def tell(at: Keyboard, decision: Decision) -> None:
    """Say what became of an action."""
    at.out.print(f"{decision.state}: action {decision.action_id}")
    for rule, sentence in decision.reasons:
        at.out.print(f"  {sentence or rule}")
    if decision.error:
        at.out.print(f"  {decision.error}")
