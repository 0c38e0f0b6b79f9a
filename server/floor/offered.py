"""What the core decided to offer a customer who came in, as an associate is told it: one thing, or why there is none.

Nothing is decided here. An offer by an event is found under the name its event gave it, together with whatever a person
carried through in its place.
"""

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from agents.visits import visit_key
from agents.word_check import plain_title
from knowledge.profile.complaints import Complaints
from knowledge.store.places import Place
from knowledge.store.quick import Row
from knowledge.store.session import Database
from policies.actions.any_action import read_action
from policies.actions.discount import Discount
from policies.vocabulary.actor import Actor
from policies.vocabulary.ids import CustomerRef
from server.checkout.sent_home import link_home
from server.pos.offer import receipt_text
from tools.proposal import TOLD_FROM
from tools.scannable.image import as_svg

Status = Literal["open", "used", "declined", "waiting", "ended", "elsewhere", "none"]

GIVEN: Final = frozenset({"allowed", "executing", "executed"})
USED: Final = frozenset({"applied", "redeemed", "accepted"})
_RANK: Final = {**dict.fromkeys(GIVEN, 2), "waiting": 1}  # what holds among several of one occasion; then the newest
_MADE: Final = f"""
    WITH asked AS (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)) AS name),
    first AS (
        SELECT asked.name, action.facts ->> 'transaction' AS transaction FROM asked
        JOIN action ON action.actor_id = $2 AND action.idempotency_key = asked.name AND action.kind = 'discount'
    )
    SELECT first.name, action.id, action.state, action.facts, {TOLD_FROM} AS told_from,
           action.proposal -> 'evidence' ->> 'message' AS message,
           ARRAY(SELECT kind FROM outcome WHERE outcome.action_id = action.id) AS kinds
    FROM first JOIN action ON action.kind = 'discount' AND action.facts ->> 'transaction' = first.transaction
    ORDER BY action.created_at, action.id
"""  # noqa: S608  # our own text
_TITLES: Final = """
    SELECT sku, title, category FROM variant
    WHERE sku = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
"""
_TILL: Final = "Only the till takes it off: nothing happens by itself."
_HOME: Final = "It is ordered in the online shop, together with them."
_SILENT: Final = "Nothing is offered this time. Help with what they came for."


@dataclass(frozen=True, slots=True)
class Offered:
    """What an associate is told of one customer's offer.

    Attributes:
        sentence: What there is to know of it, or why there is none.
        decision: The offer's id, while something can be told of it; else "".
        words: The line to say.
        goods: Titles of what it is for.
        terms: What it takes off and how it is had.
        code: To type at the till; "" where none is needed.
        until: When it ends.
        shown: The customer was told of it.
        qr: A picture to scan, as SVG; "" where there is none.
    """

    status: Status
    sentence: str
    decision: str = ""
    words: str = ""
    goods: tuple[str, ...] = ()
    terms: str = ""
    code: str = ""
    until: datetime | None = None
    shown: bool = False
    qr: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody an offer is asked about.

    Attributes:
        at: When they came in; the day of it is the offer's.
        pending: Their coming was not looked at yet.
    """

    records: Sequence[CustomerRef]
    at: datetime
    pending: bool = False


@dataclass(frozen=True, slots=True)
class OfferedDesk:
    """Finds them.

    Attributes:
        speaker: Who proposes by events.
        complaints: Who has one open is offered nothing, whatever was decided before.
        secret: Signs what is scanned.
        online: The online shop's address; "" for none.
    """

    database: Database
    speaker: Actor
    complaints: Complaints
    secret: bytes
    online: str

    async def of(
        self, seen: Mapping[CustomerRef, Seen], place: Place, now: datetime, *, pictured: bool = False
    ) -> dict[CustomerRef, Offered]:
        """What each of these people is offered in a shop; with what there is to scan, when it is `pictured`.

        Raises:
            Unavailable: The database does not answer.
        """
        quick = self.database.quick
        names = {visit_key(record, place, one.at): ref for ref, one in seen.items() for record in one.records}
        rows = await quick.rows(_MADE, json.dumps(sorted(names)), self.speaker.id)
        holds: dict[CustomerRef, Row] = {}
        for row in rows:  # oldest first
            before = holds.get(names[row["name"]])
            if before is None or _RANK.get(row["state"], 0) >= _RANK.get(before["state"], 0):
                holds[names[row["name"]]] = row
        complaints = await self.complaints.of(quick, sorted(seen))
        titles = await self._titles(holds.values())
        return {
            ref: _complains()
            if ref in complaints
            else await self._told(holds[ref], place, titles, now, pictured=pictured)
            if ref in holds
            else _nothing(one)
            for ref, one in seen.items()
        }

    async def _titles(self, rows: Iterable[Row]) -> dict[str, str]:
        skus = sorted({sku for row in rows for sku in row["facts"]["skus"]})
        found = await self.database.quick.rows(_TITLES, json.dumps(skus)) if skus else ()
        return {row["sku"]: plain_title(row["title"], row["category"]) for row in found}

    async def _told(
        self, row: Row, place: Place, titles: Mapping[str, str], now: datetime, *, pictured: bool
    ) -> Offered:
        discount = read_action(row["facts"])
        assert isinstance(discount, Discount)  # noqa: S101  # asked for by kind
        if row["told_from"] != place.id:
            return Offered("elsewhere", "They were offered something elsewhere today, and nothing more is offered.")
        if row["state"] not in GIVEN:
            waits = row["state"] == "waiting"
            return Offered("waiting", "An offer waits for a manager's approval.") if waits else Offered("none", _SILENT)
        kinds = set(row["kinds"])
        goods = tuple(titles[sku] for sku in discount.skus if sku in titles)
        about: dict[str, Any] = {"goods": goods, "terms": _terms(discount), "words": row["message"] or ""}
        if answered := _answered(kinds):
            return replace(answered, **about)
        if discount.valid_until <= now:
            return Offered("ended", "This offer has ended.", until=discount.valid_until, **about)
        return Offered(
            "open",
            _HOME if discount.form == "home" else _TILL,
            decision=row["id"],
            code="" if discount.at_full_price else discount.code,
            until=discount.valid_until,
            shown="shown" in kinds,
            qr=await self._picture(row["id"], discount) if pictured else "",
            **about,
        )

    async def _picture(self, decision: str, discount: Discount) -> str:
        """Signed, good once, here and until the offer's end; of what is sent home, the way into the online shop."""
        if discount.form == "home":
            said = await link_home(self.database.quick, self.online, discount)
        else:
            said = receipt_text(decision, discount, 0, self.secret)
        return (await asyncio.to_thread(as_svg, said)).decode() if said else ""  # tens of milliseconds of one core


def _answered(kinds: Collection[str]) -> Offered | None:
    """What the customer made of it, once anybody told."""
    if not USED.isdisjoint(kinds):
        return Offered("used", "They took it.")
    return Offered("declined", "They did not want it. Offer nothing more today.") if "dismissed" in kinds else None


def _terms(discount: Discount) -> str:
    off = "" if discount.at_full_price else f"{discount.percent} off, {discount.amount} at most"
    if discount.form == "home":
        home = f"sent home within {discount.within_days} days"
        return f"{off}, {home}" if off else f"At full price, {home}"
    return f"{off}, for both bought together" if discount.form == "bundle" else off


def _complains() -> Offered:
    return Offered("none", "Nothing is offered while they wait for an answer to a complaint. See to that first.")


def _nothing(one: Seen) -> Offered:
    return Offered("waiting", "Being looked at; look again in a moment.") if one.pending else Offered("none", _SILENT)
