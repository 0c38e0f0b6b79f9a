"""Running totals that caps look at: money promised to a transaction, a day or a campaign, and messages to a customer.

A total counts every action that is waiting, allowed, being carried out or done. Whoever decides holds the rows it
counts on locked until its decision is kept, so that no two decisions count on the same cents.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import text

from knowledge.store.connection import Asked, Connection
from knowledge.store.places import Place
from policies.actions.any_action import AnyAction
from policies.actions.discount import Discount
from policies.actions.message import Message
from policies.actions.reorder import Reorder

# A customer's total is their person's: what was promised under any record of theirs, whenever those were linked.
_COUNTED = """
    wanted AS (SELECT * FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[])) AS wanted(scope, key)),
    counted AS (
        SELECT scope, key, key AS held FROM wanted
        UNION
        SELECT scope, key, other.ref || substr(key, position(':' IN key)) FROM wanted
        JOIN customer_identity AS own ON own.ref = split_part(wanted.key, ':', 1)
        JOIN customer_identity AS other ON other.identity = own.identity
        WHERE scope IN ('customer_day', 'message_customer_day', 'message_customer_week', 'message_words')
    )
"""
# One fixed order for everybody, so that two decisions can wait for each other but never both.
_LOCK = text(
    f"""
    WITH {_COUNTED}, locked AS (
        INSERT INTO promise (scope, key, total) SELECT DISTINCT scope, held, 0 FROM counted ORDER BY scope, held
        ON CONFLICT (scope, key) DO UPDATE SET total = promise.total RETURNING scope, key, total
    )
    SELECT counted.scope, counted.key, sum(locked.total) AS total
    FROM counted JOIN locked ON locked.scope = counted.scope AND locked.key = counted.held GROUP BY 1, 2
    """  # noqa: S608  # only our own constant is put in
)
_READ = text(
    f"""
    WITH {_COUNTED} SELECT counted.scope, counted.key, sum(promise.total) AS total
    FROM counted JOIN promise ON promise.scope = counted.scope AND promise.key = counted.held GROUP BY 1, 2
    """  # noqa: S608  # the same
)
_ADD = text(
    """
    UPDATE promise SET total = promise.total + more.total
    FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[]), CAST(:totals AS bigint[])) AS more(scope, key, total)
    WHERE promise.scope = more.scope AND promise.key = more.key
    """
)


_MESSAGE: Final = "message_"


class Counted(NamedTuple):
    """Which total: its scope and whose.

    Of discounts the scopes are transaction, customer_day, location_day and campaign; of orders order_day; of messages
    message_customer_day, message_customer_week, message_location_day, message_campaign and message_words.
    """

    scope: str
    key: str


Totals = dict[Counted, int]


def counted(action: AnyAction, place: Place, at: datetime) -> tuple[Counted, ...]:
    """The totals an action adds to: a discount and an order their money, a message one, anything else nothing.

    A transaction belongs to its platform, not to the location that names it: the same one proposed from two locations
    is one. A day is the location's own, and a week its days from Monday on. A campaign is one across the chain, for as
    long as it runs. Marketing and service messages to a customer are counted apart; what one record of a person was
    promised counts for all of them.
    """
    local = at.astimezone(ZoneInfo(place.timezone)).date()
    day = local.isoformat()
    if isinstance(action, Message):
        return _of_message(action, place, day, f"{local:%G-W%V}")
    if isinstance(action, Reorder):
        return (Counted("order_day", f"{place.id}:{day}"),)
    if not isinstance(action, Discount):
        return ()
    totals = [
        Counted("transaction", f"{place.platform}:{action.transaction}"),
        Counted("location_day", f"{place.id}:{day}"),
    ]
    if action.customer:
        totals.append(Counted("customer_day", f"{action.customer}:{day}"))
    if action.campaign:
        totals.append(Counted("campaign", action.campaign))
    return tuple(totals)


def weight(action: AnyAction) -> int:
    """What an action adds to each of its totals: minor units of money, or one message."""
    return 1 if isinstance(action, Message) else action.money_at_stake.minor


def fact(scope: str) -> str:
    """What a rule calls the total of a scope."""
    return f"{scope.removeprefix(_MESSAGE)}_total"


def ask(connection: Connection, wanted: Iterable[Counted]) -> Asked[Totals]:
    """Ask for these totals, nobody else's to change until the transaction ends."""
    return _ask(connection, _LOCK, wanted)


async def read(connection: Connection, wanted: Iterable[Counted]) -> Totals:
    """These totals as they stand; what was never promised to is 0."""
    wanted = list(wanted)
    return {**dict.fromkeys(wanted, 0), **await _ask(connection, _READ, wanted)}


def add(connection: Connection, more: Mapping[Counted, int]) -> None:
    """Add to totals that are locked, with what is sent next."""
    if more:
        scopes, keys = [each.scope for each in more], [each.key for each in more]
        connection.post(_ADD, {"scopes": scopes, "keys": keys, "totals": list(more.values())})


async def release(connection: Connection, proposals: Iterable[dict[str, Any]]) -> None:
    """Give back what these stored proposals had promised."""
    promised = [(Counted(scope, key), amount) for told in proposals for scope, key, amount in told["promised"]]
    if not promised:
        return
    back = dict.fromkeys(await ask(connection, {total for total, _ in promised}), 0)
    for total, amount in promised:
        back[total] -= amount
    add(connection, back)


def _ask(connection: Connection, question: Any, wanted: Iterable[Counted]) -> Asked[Totals]:
    distinct = sorted(set(wanted))
    names = {"scopes": [each.scope for each in distinct], "keys": [each.key for each in distinct]}
    return connection.ask(question, names).into(
        lambda rows: {Counted(row.scope, row.key): int(row.total) for row in rows}
    )


def _of_message(message: Message, place: Place, day: str, week: str) -> tuple[Counted, ...]:
    whose = f"{message.customer}:{message.purpose}"
    words = sha256(message.said.encode()).hexdigest()[:32]  # a total's key outlives the words
    totals = [
        Counted("message_customer_day", f"{whose}:{day}"),
        Counted("message_customer_week", f"{whose}:{week}"),
        Counted("message_location_day", f"{place.id}:{day}"),
        Counted("message_words", f"{message.customer}:{message.channel}:{day}:{words}"),
    ]
    if message.campaign:
        totals.append(Counted("message_campaign", message.campaign))
    return tuple(totals)
