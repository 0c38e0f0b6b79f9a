"""What a register says became of its offers: each telling answered by itself, so that none holds back the others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from knowledge.store.session import Database
from policies.errors import NotFound, Refused
from server.offline.spent import SpentCodes
from server.pos.asked import OutcomesSent, OutcomeTold
from server.pos.known import Counter
from server.pos.told import OutcomeResult, OutcomesTold, Why
from tools.register_outcomes import USED, Telling, settle_tellings

_ORDER: Final = "shopify:order:"
_UNKNOWN: Final = Why.of(NotFound("No offer of this location is known by this name.", code="outcome.unknown"))
_REFUSED: Final = Why.of(Refused("This telling cannot be read; it need not be sent again.", code="outcome.unreadable"))


@dataclass(frozen=True, slots=True)
class OutcomeDesk:
    """Settles what registers tell."""

    database: Database
    spent: SpentCodes
    now: Callable[[], datetime]

    async def settle(self, counter: Counter, sent: OutcomesSent) -> OutcomesTold:
        """Keep what is new, and have codes ended whose money came off by hand; told again, the same answers.

        Raises:
            Unavailable: The database does not answer; all of it is to be told again.
        """
        read = [_read(each) for each in sent.outcomes]
        tellings = [_telling(each) for each in read if each is not None]
        told_by = f"register:{counter.device}, {counter.actor.id} signed in"
        async with self.database.transaction() as connection:
            meant = await settle_tellings(connection, tellings, counter.location, told_by=told_by, at=self.now())
        used = {action for each, action in zip(tellings, meant, strict=True) if action and each.kind in USED}
        await self.spent.end(counter.actor, used)
        known = iter(meant)
        return OutcomesTold(
            results=tuple(
                _unreadable(raw) if each is None else _result(each, known=next(known) != "")
                for raw, each in zip(sent.outcomes, read, strict=True)
            )
        )


def _read(raw: Any) -> OutcomeTold | None:
    try:
        return OutcomeTold.model_validate(raw)
    except ValidationError:
        return None


def _telling(told: OutcomeTold) -> Telling:
    order = f"{_ORDER}{told.order}" if told.order else ""
    return Telling(told.kind, told.decision, told.code, order, told.at)


def _result(told: OutcomeTold, *, known: bool) -> OutcomeResult:
    if known:
        return OutcomeResult(id=told.id, result="settled")
    return OutcomeResult(id=told.id, result="unknown", why=_UNKNOWN)


def _unreadable(raw: Any) -> OutcomeResult:
    """The answer to a telling under whatever name it gives itself, as far as that can be said again."""
    name: Any = raw.get("id") if isinstance(raw, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # whatever JSON it was
    said = name[:64].encode(errors="replace").decode() if isinstance(name, str) else ""
    return OutcomeResult(id=said, result="refused", why=_REFUSED)
