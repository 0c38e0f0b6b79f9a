"""What a batch of undoes will do, or has done: totals, money, and every action with its fate."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from policies.vocabulary.money import Money
from tools.read.amount import Amount
from tools.tool import Answer
from tools.undo.fate import Name

_WORDS: Final[dict[str, str]] = {
    "reversed": "taken back",
    "withdrawn": "withdrawn before they happened",
    "pending": "on their way",
    "stays": "cannot be taken back, whole or in part",
    "nothing": "not there to be taken back",
}


class UndoneAction(Answer):
    """One action: what becomes of it, why, what stays spent or under way, and the action that undoes it."""

    action_id: str
    action: str
    location: str
    fate: Name
    why: str
    at_stake: Amount
    left: Amount
    undo_id: str = ""


class Totals(Answer):
    """How many actions met which fate."""

    reversed: int
    withdrawn: int
    pending: int
    stays: int
    nothing: int


class UndoReport(Answer):
    """A batch as it stands.

    `state` is previewed (nothing was done), asked (a person has to start it), open (under way), done or declined.
    `taken_back` and `left` are sums per currency: what is no longer promised, and what stays spent or moved.
    `more` counts actions of the scope beyond this batch.
    """

    batch_id: str
    kind: str
    name: str
    scope: str
    state: Literal["previewed", "asked", "open", "done", "declined"]
    asked_by: str
    done_for: str
    totals: Totals
    taken_back: tuple[Amount, ...]
    left: tuple[Amount, ...]
    more: int
    items: tuple[UndoneAction, ...]
    next: str
    next_cursor: str = ""
    truncated: bool = False
    as_of: datetime

    def text(self) -> str:
        """For a terminal: totals first, then each action."""
        head = f"{self.scope}: {self.state}" + (f", batch {self.batch_id}" if self.batch_id else "")
        counts = self.totals.model_dump()
        lines = [head, *(f"{counts[name]:6}  {words}" for name, words in _WORDS.items() if counts[name])]
        if not any(counts.values()):
            lines.append("     0  actions: there is nothing to take back.")
        lines += [f"{'Taken back':>14}  {money(self.taken_back)}", f"{'Stays spent or moved':>24}  {money(self.left)}"]
        if self.more:
            lines.append(f"{self.more:6}  more are in this scope; do it again for those.")
        lines += [_line(item) for item in self.items]
        if self.truncated:
            lines.append("... and more.")
        lines.append(self.next)
        return "\n".join(lines)


def totals(items: Iterable[UndoneAction]) -> Totals:
    """Counted by fate."""
    counts = Counter(item.fate for item in items)
    return Totals(
        reversed=counts["reversed"],
        withdrawn=counts["withdrawn"],
        pending=counts["pending"],
        stays=counts["stays"],
        nothing=counts["nothing"],
    )


def sums(amounts: Iterable[Amount]) -> tuple[Amount, ...]:
    """Amounts added up per currency; nothing for currencies without any."""
    found: Counter[str] = Counter()
    for amount in amounts:
        found[amount.currency] += amount.minor
    return tuple(Amount(minor=minor, currency=currency) for currency, minor in sorted(found.items()) if minor)


def money(amounts: Sequence[Amount]) -> str:
    """Amounts for a person; "nothing" when there are none."""
    return ", ".join(str(Money(amount.minor, amount.currency)) for amount in amounts) or "nothing"


def _line(item: UndoneAction) -> str:
    undo = f" ({item.undo_id})" if item.undo_id else ""
    return f"{item.fate:9}  {item.action_id}  {item.action}\n{'':11}{item.why}{undo}"
