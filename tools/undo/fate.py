"""What undoing an action would come to: taken back, withdrawn, or staying done, why, and with how much money left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import text

from knowledge.store.connection import Connection
from policies.actions.discount import Discount
from policies.actions.message import Message
from policies.actions.reorder import Reorder
from policies.actions.stock_adjustment import StockAdjustment
from policies.actions.transfer import Transfer
from policies.errors import Refused
from policies.vocabulary.money import Money
from tools.action_row import ActionRow

Name = Literal[
    "reversed",  # taken back whole
    "withdrawn",  # it had not happened yet, and will not
    "pending",  # on its way: being carried out, or its undo is
    "stays",  # done for good, or in part
    "nothing",  # it never happened, or was taken back before
]

WITHDRAWN: Final = "It was withdrawn before it was carried out."
"""What a withdrawn action says of itself."""

_MOVING: Final = frozenset({"IN_PROGRESS", "SENT", "DISPATCHED"})  # the platforms' own words
_ARRIVED: Final = frozenset({"TRANSFERRED", "RECEIVED"})
_GIVEN_UP: Final = 8  # tries, `tools.executor.TRIES`: after so many without an answer the effect is unknown
_INSTEAD: Final = {
    "end_discount": "Propose a new discount: an ended code stays ended.",
    "cancel_transfer": "Propose the transfer again: a cancelled one stays cancelled.",
    "stock_sync": "Correct the count at the shelf's own platform: the other one is told of it.",
    "cancel_reorder": "Propose the order again: a cancelled one stays cancelled.",
    "cancel_forecast_override": "Propose the override again: an ended one stays ended.",
    "message": "Send another that puts it right: what was read stays read.",
}
_REDEEMED = text(
    """
    SELECT wanted.id, used.order_id, used.minor, coalesce(back.minor, 0) AS back
    FROM unnest(CAST(:ids AS text[]), CAST(:codes AS text[]), CAST(:since AS timestamptz[])) AS wanted(id, code, since)
    CROSS JOIN LATERAL (
        SELECT purchase.id AS order_id, outcome.minor FROM purchase
        LEFT JOIN outcome ON outcome.action_id = wanted.id AND outcome.kind = 'accepted'
          AND outcome.source = purchase.id
        WHERE purchase.codes @> ARRAY[CAST(wanted.code AS varchar)] AND purchase.codes <> '{}'
          AND (outcome.action_id IS NOT NULL OR purchase.occurred_at >= wanted.since) AND NOT purchase.cancelled
        ORDER BY purchase.occurred_at, purchase.id LIMIT 1) AS used
    LEFT JOIN LATERAL (
        SELECT CAST(sum(outcome.minor) AS bigint) AS minor FROM outcome
        WHERE outcome.action_id = wanted.id AND outcome.kind = 'given_back' AND outcome.order_id = used.order_id
    ) AS back ON true
    """
)
_STATUS = text(
    """
    SELECT DISTINCT ON (resource) resource, facts ->> 'status' AS status FROM event
    WHERE resource = ANY(CAST(:resources AS text[])) AND resource <> '' AND topic = 'transfer.updated'
    ORDER BY resource, version DESC, seq DESC
    """
)
_COUNTS = text(
    """
    SELECT wanted.id, level.available, level.as_of
    FROM unnest(CAST(:ids AS text[]), CAST(:places AS text[]), CAST(:skus AS text[])) AS wanted(id, place, sku)
    LEFT JOIN location ON location.id = wanted.place
    JOIN known_level AS level ON level.location_id = coalesce(location.stock_location, wanted.place)
      AND level.sku = wanted.sku
    """
)


@dataclass(frozen=True, slots=True)
class Fate:
    """What undoing one action would do.

    Attributes:
        why: A sentence: what is done about it, or why it stays.
        instead: What to do when it cannot be undone.
        left: Money that stays spent, or goods at cost that stay where they are or are under way.
        code: The refusal's code when it cannot be undone at all; "" otherwise.
        order: Where a discount was redeemed; "" when it was not.
    """

    name: Name
    why: str
    left: Money
    instead: str = ""
    code: str = ""
    order: str = ""

    def refusal(self) -> Refused:
        """The error for whoever wants it undone all the same."""
        return Refused(self.why, code=self.code, hint=self.instead, field="action_id")


async def foresee(connection: Connection, rows: Sequence[ActionRow]) -> dict[str, Fate]:
    """The fate of each action if it were undone now, by its id; at most three questions for all of them."""
    done = [row for row in rows if row.state == "executed"]
    orders = await _redeemed(connection, [row for row in done if isinstance(row.action, Discount)])
    statuses = await _statuses(connection, [row for row in done if isinstance(row.action, Transfer | Reorder)])
    short = await _short(connection, [row for row in done if isinstance(row.action, StockAdjustment)])
    return {row.id: _fate(row, orders.get(row.id), statuses.get(row.id, ""), short.get(row.id, 0)) for row in rows}


async def redeemed(connection: Connection, row: ActionRow) -> tuple[str, Money]:
    """The order a discount's code was used on and the money it took off; "" and nothing when it was not."""
    found = (await _redeemed(connection, [row])).get(row.id) if isinstance(row.action, Discount) else None
    return found or ("", Money(0, row.action.money_at_stake.currency))


def worth(row: ActionRow) -> Money:
    """What an action's goods are worth at cost, as the rules saw it; a discount's own amount."""
    seen = row.situation.get("context", {}).get("value")
    stake = row.action.money_at_stake
    return Money(seen, stake.currency) if isinstance(seen, int) and seen > stake.minor else stake


def _fate(row: ActionRow, used: tuple[str, Money] | None, status: str, short: int) -> Fate:
    if row.state == "executed":
        return _stays(row, used, status, short) or _reversed(row)
    none = Money(0, row.action.money_at_stake.currency)
    if row.state == "waiting" or (row.state == "allowed" and row.attempts == 0):
        return Fate("withdrawn", "It was not carried out yet, and will not be.", none)
    if row.state in {"allowed", "executing"}:
        return Fate("pending", "It is being carried out just now, and is taken back once it is done.", none)
    if row.state == "failed" and row.attempts >= _GIVEN_UP:
        why = "The platform never answered, so nobody knows whether it was done."
        return Fate("stays", why, worth(row), "Look there, and correct it by hand.", "undo.unknown")
    if row.state == "failed" and isinstance(row.action, Message):
        return Fate("nothing", "It failed; its record says whether anybody can tell that it was not sent.", none)
    why = "It was taken back before." if row.state == "undone" else f"It is {row.state}: nothing was done."
    return Fate("nothing", why, none)


def _stays(row: ActionRow, used: tuple[str, Money] | None, status: str, short: int) -> Fate | None:
    """Why a done action stays done, whole or in part; `None` when nothing keeps it from being taken back."""
    goods = worth(row)
    if row.action.inverse("") is None:
        none = Money(0, row.action.money_at_stake.currency)
        return Fate("stays", "This action cannot be undone.", none, _INSTEAD[row.action.kind], "undo.irreversible")
    if used:
        order, taken = used
        why = f"Its code was used on order {order}: {taken} stays taken off. The code is ended all the same."
        return Fate("stays", why, taken, order=order)
    if away := _away(row, status, goods):
        return away
    if short:
        why = f"{short} of these units are sold already: the count would fall below zero."
        return Fate("stays", why, goods, "Count the shelf, and correct it by a new adjustment.", "undo.sold")
    return None


def _away(row: ActionRow, status: str, goods: Money) -> Fate | None:
    """Why goods that left, or were asked for, stay so; `None` while nothing of it has happened."""
    if isinstance(row.action, Reorder) and status in _ARRIVED | _MOVING:
        why = f"The order went to the supplier: {goods} at cost are under way or there."
        return Fate("stays", why, goods, "Ask the supplier to take the goods back.", "undo.ordered")
    if status in _ARRIVED:
        why = f"The goods were received: {goods} at cost are at the destination."
        return Fate("stays", why, goods, "Propose a transfer back.", "undo.received")
    if status in _MOVING:
        why = f"The goods are under way: {goods} at cost in transit."
        return Fate("stays", why, goods, "Receive them, and propose a transfer back.", "undo.in_transit")
    return None


def _reversed(row: ActionRow) -> Fate:
    inverse = row.action.inverse(_reference(row))
    assert inverse is not None  # noqa: S101  # what has none stays
    return Fate("reversed", inverse.sentence(), Money(0, row.action.money_at_stake.currency))


async def _redeemed(connection: Connection, rows: Sequence[ActionRow]) -> dict[str, tuple[str, Money]]:
    if not rows:
        return {}
    amounts = {row.id: row.action.money_at_stake for row in rows}
    question = {
        "ids": [row.id for row in rows],
        "codes": [row.facts["code"] for row in rows],
        "since": [row.created_at for row in rows],
    }
    found = (await connection.execute(_REDEEMED, question)).all()
    return {each.id: (each.order_id, _taken(amounts[each.id], each.minor, each.back)) for each in found}


def _taken(decided: Money, told: int | None, back: int) -> Money:
    """What the till took off and kept off: as it told, or as decided where it did not tell, less what came back."""
    return Money((decided.minor if told is None else told) - back, decided.currency)


async def _statuses(connection: Connection, rows: Sequence[ActionRow]) -> dict[str, str]:
    named = {_resource(row): row.id for row in rows}
    if not named:
        return {}
    found = await connection.execute(_STATUS, {"resources": list(named)})
    return {named[each.resource]: str(each.status) for each in found}


async def _short(connection: Connection, rows: Sequence[ActionRow]) -> dict[str, int]:
    """How many of an adjustment's units are no longer there to be taken away again."""
    asked = {
        row.id: (row, row.action) for row in rows if isinstance(row.action, StockAdjustment) and row.action.delta > 0
    }
    if not asked:
        return {}
    question = {
        "ids": list(asked),
        "places": [action.store for _, action in asked.values()],
        "skus": [action.sku for _, action in asked.values()],
    }
    short: dict[str, int] = {}
    for each in (await connection.execute(_COUNTS, question)).all():
        row, action = asked[each.id]
        if each.as_of > _done_at(row):  # an older count does not hold the adjustment itself yet
            short[each.id] = max(0, action.delta - each.available)
    return short


def _done_at(row: ActionRow) -> datetime:
    told: Any = (row.receipt or {}).get("at")
    return datetime.fromisoformat(told) if told else row.created_at


def _resource(row: ActionRow) -> str:
    """A transfer as the platform's events name it."""
    return f"{(row.receipt or {}).get('platform', '')}:transfer:{_reference(row).rpartition('/')[2]}"


def _reference(row: ActionRow) -> str:
    return str((row.receipt or {}).get("reference", ""))
