"""The office links go through when a person has a say: confirmed or taken apart by the guard, and never lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import text

from knowledge.identity.graph import pair_of
from knowledge.identity.links import LINKER, Says, Told, history, members, newest
from knowledge.store.connection import Connection
from knowledge.store.places import Places
from knowledge.store.session import Database, utc_now
from policies.actions.profile_link import ProfileLink
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor, Door, Role
from policies.vocabulary.ids import CorrelationId, CustomerRef, LocationId
from tools.proposal import Decision, Origin, Proposal
from tools.propose.deciding import Deciding

Word = Literal["link", "apart"]

_A_NIGHT: Final = 200  # questions put before people at once; the rest are the next nights'
_HINT: Final = "Look at `tillhand identity links apart`, and confirm that pair first if it was a mistake."
_BY_A_PERSON: Final = "A person looked at the two customers."
# whoever decides for it is not a person, so the ladder and the stop switches bind it
_LINKER: Final = Actor(LINKER, Role.OPERATOR, None, Door.EVENT, model=True)
_MAY: Final = frozenset({Role.OPERATOR, Role.MANAGER})
_KNOWN: Final = text("SELECT ref FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")
_BOUGHT_AT: Final = text(
    "SELECT location_id FROM purchase WHERE customer_ref = ANY(CAST(:refs AS text[]))"
    " ORDER BY occurred_at DESC LIMIT 20"
)
_ASKED: Final = text(
    "SELECT DISTINCT split_part(idempotency_key, ':', 2) FROM action WHERE actor_id = :by AND state <> 'denied'"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a person's word.

    Attributes:
        together: Everybody the first of the two is now.
        decision: Of the guard; `waiting` when another person has to look.
    """

    together: tuple[CustomerRef, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class LinkOffice:
    """Shows links, and takes what people say of them."""

    database: Database
    guard: Deciding
    places: Places
    currency: str
    now: Callable[[], datetime] = utc_now

    async def standing(self, actor: Actor, *, says: Says) -> list[Told]:
        """What holds: links, questions that wait for a person, or pairs kept apart; the newest first.

        Raises:
            Refused: The actor is no manager or operator.
        """
        _may(actor)
        async with self.database.reading() as connection:
            held = await newest(connection)
        return sorted((each for each in held.values() if each.says == says), key=lambda each: each.at, reverse=True)

    async def history(self, actor: Actor, customer: str) -> tuple[list[CustomerRef], list[Told]]:
        """All customers that are this person, and everything ever said of their links, oldest first.

        Raises:
            Refused: The actor is no manager or operator.
            NotFound: No such customer.
        """
        _may(actor)
        async with self.database.reading() as connection:
            await _known(connection, [customer])
            together = await members(connection, CustomerRef(customer))
            return together, await history(connection, CustomerRef(customer))

    async def confirm(self, actor: Actor, one: str, other: str, *, origin: Origin) -> Said:
        """Two customers are one person, and stay so whatever figures say.

        Where a person took them apart, it waits for another one.

        Raises:
            Refused: The actor is no manager or operator; or both are the same customer; or a person took apart two
                of those who would meet.
            NotFound: No such customer.
        """
        return await self._say(actor, one, other, "link", origin)

    async def unlink(self, actor: Actor, one: str, other: str, *, origin: Origin) -> Said:
        """Two customers are not one person; no evidence ever links them again, only a person.

        Raises:
            Refused: The actor is no manager or operator; or both are the same customer.
            NotFound: No such customer.
        """
        return await self._say(actor, one, other, "apart", origin)

    async def ask_people(self) -> int:
        """Put the pairs the linker is unsure of before people, the likeliest first; returns how many are new.

        Each telling of a pair is asked about once; where AI was stopped, another night.

        What stands in a proposal is the weight of the evidence and the names of fields: no value of either customer.
        """
        async with self.database.reading() as connection:
            held = await newest(connection)
            asked = sorted((each for each in held.values() if each.says == "ask"), key=lambda each: -each.bits)
            before = set((await connection.execute(_ASKED, {"by": LINKER})).scalars())
            new = [each for each in asked if str(each.place) not in before][:_A_NIGHT]
            proposals = [await self._proposal(connection, _LINKER, each) for each in new]
        decisions = [await self.guard.propose(_LINKER, each) for each in proposals]
        return sum(each.state == "waiting" for each in decisions)

    async def _say(self, actor: Actor, one: str, other: str, says: Word, origin: Origin) -> Said:
        _may(actor)
        if one == other:
            raise Refused("This is one customer, not two.", code="identity.same", field="other")
        async with self.database.reading() as connection:
            await _known(connection, [one, other])
            link = await self._link(connection, actor, one, other, says)
        proposal = Proposal(link, f"link:{origin.causation}", origin, _BY_A_PERSON)
        decision = await self.guard.propose(actor, proposal)
        if decision.state in {"denied", "failed"}:
            rule, sentence = decision.reasons[0]
            code = rule if decision.state == "denied" else "identity.not_done"
            raise Refused(decision.error or sentence, code=code, hint=_HINT if code == "identity.apart" else "")
        async with self.database.reading() as connection:
            return Said(tuple(await members(connection, CustomerRef(one))), decision)

    async def _proposal(self, connection: Connection, actor: Actor, told: Told) -> Proposal:
        link = await self._link(connection, actor, told.one, told.other, "link")
        fields = ", ".join(told.agreed)
        weight = f"{told.bits / 100:.1f}"
        return Proposal(
            link,
            f"link:{told.place}:{self.now():%Y%m%d%H%M}",
            Origin(CorrelationId(f"linking:{told.at:%Y-%m-%d}"), LINKER),
            f"They agree in {fields}: {weight} bits of evidence, short of what settles it.",
            {"agreed": list(told.agreed), "centibits": told.bits, "model": told.model},
        )

    async def _link(self, connection: Connection, actor: Actor, one: str, other: str, says: Word) -> ProfileLink:
        """The action, asked for where one of them last bought, of the locations the actor covers."""
        rows = (await connection.execute(_BOUGHT_AT, {"refs": [one, other]})).scalars()
        known = [place.id for place in self.places]
        store = next((name for name in (*rows, *sorted(known)) if name in known and actor.covers(name)), None)
        if store is None:
            raise Refused("You may act at no location.", code="access.outside_locations")
        first, second = pair_of(one, other)
        return ProfileLink(
            store=LocationId(store),
            one=CustomerRef(first),
            other=CustomerRef(second),
            says=says,
            currency=self.currency,
        )


async def _known(connection: Connection, refs: Sequence[str]) -> None:
    found = set((await connection.execute(_KNOWN, {"refs": list(refs)})).scalars())
    if not found >= {*refs}:
        raise NotFound(
            "No customer has this reference.",
            code="customer.unknown",
            hint="References look like c_0123456789abcdef0123, as find_customer tells them.",
            field="customer",
        )


def _may(actor: Actor) -> None:
    if actor.model or actor.role not in _MAY:
        raise Refused(
            "Only a manager or the operator says who is one person, and never a model.",
            code="access.role",
            hint="Ask a manager to look at the two customers.",
        )
