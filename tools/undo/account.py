"""A batch's actions and their fates, added up for whoever asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from policies.errors import Refused
from tools.action_row import ActionRow
from tools.read.amount import Amount
from tools.undo.batch_row import Batch, BatchItem, State
from tools.undo.fate import Name, worth
from tools.undo.report import UndoneAction, UndoReport, sums, totals

_NEXT: Final[dict[str, str]] = {
    "previewed": "Nothing was changed.",
    "asked": "A manager has to start it: in the console, or with tillhand undo start.",
    "open": "It goes on by itself; ask again with the same key to see how it stands.",
    "done": "Done. What stays is said above, and why.",
    "declined": "It was not started, and nothing was changed.",
}


def account(
    batch: Batch,
    items: Sequence[BatchItem],
    rows: Mapping[str, ActionRow],
    at: datetime,
    *,
    state: State | Literal["previewed"] | None = None,
) -> UndoReport:
    """The report of a batch.

    Args:
        batch: It.
        items: Its actions' fates, as known or foreseen.
        rows: The actions themselves.
        at: Now.
        state: Of the report, when it is not the batch's.
    """
    told = [_told(item, rows[item.action]) for item in items]
    now = state or batch.state
    return UndoReport(
        batch_id=batch.id,
        kind=batch.scope.kind,
        name=batch.scope.name,
        scope=batch.scope.sentence(),
        state=now,
        asked_by=batch.asked_by.id,
        done_for=batch.actor.id if batch.actor else "",
        totals=totals(told),
        taken_back=sums(each.at_stake for each in told if each.fate in {"reversed", "withdrawn"}),
        left=sums(each.left for each in told),
        more=batch.more,
        items=tuple(told),
        next=_NEXT[now],
        as_of=at,
    )


def page(report: UndoReport, start: int, most: int) -> UndoReport:
    """The report with some of its actions; its totals are of all.

    Raises:
        Refused: There is nothing from `start` on.
    """
    if start and start >= len(report.items):
        raise Refused("There is no further page.", code="cursor.unknown", field="cursor")
    shown = report.items[start : start + most]
    return report.model_copy(update={"items": shown, "truncated": start + most < len(report.items)})


def _told(item: BatchItem, row: ActionRow) -> UndoneAction:
    currency = row.action.money_at_stake.currency
    fate: Name = item.fate or "pending"
    return UndoneAction(
        action_id=row.id,
        action=row.action.sentence(),
        location=row.location,
        fate=fate,
        why=item.why,
        at_stake=Amount.of(worth(row)),
        left=Amount(minor=item.left, currency=currency),
        undo_id=item.undo,
    )
