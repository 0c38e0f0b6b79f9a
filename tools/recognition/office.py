"""The office links go through when a person has a say: confirmed or taken apart by the guard, and never lost."""

from collections.abc import Callable, Mapping, Sequence
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
from tools.propose.deciding import LinkingMany

Word = Literal["link", "apart"]
Bought = tuple[datetime, str]  # when, and at which location

_A_NIGHT: Final = 200  # questions put before people at once; the rest are the next nights'
_HINT: Final = "Look at `tillhand identity links apart`, and confirm that pair first if it was a mistake."
_BY_A_PERSON: Final = "A person looked at the two customers."
_LINKER: Final = Actor(LINKER, Role.LINKER, None, Door.EVENT)  # no person: the ladder and the stop switches bind it
_BURST: Final = 500  # certain links decided and carried out together
_MAY: Final = frozenset({Role.OPERATOR, Role.MANAGER})
_KNOWN: Final = text("SELECT ref FROM customer WHERE ref = ANY(CAST(:refs AS text[]))")
_ASKED: Final = text(
    """
    SELECT split_part(idempotency_key, ':', 2) AS place, count(*) AS times, bool_and(state = 'denied') AS denied
    FROM action WHERE actor_id = :by AND split_part(idempotency_key, ':', 2) = ANY(CAST(:places AS text[]))
    GROUP BY 1
    """
)
_STORES: Final = text(
    """
    SELECT customer_ref AS ref, location_id AS store, max(occurred_at) AS at
    FROM purchase WHERE customer_ref = ANY(CAST(:refs AS text[])) GROUP BY 1, 2
    """
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
    guard: LinkingMany
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

    async def join_certain(self) -> int:
        """Propose every link the linker is certain of, and have it made; returns how many came into force.

        Each is proposed once, and once more on another night where it was denied. The first burst is small: where none
        of it is linked, because a person is to be asked or AI is stopped, the rest waits for another night.
        """
        async with self.database.reading() as connection:
            new = await _new(connection, "certain")
        first, joined = new[:_A_NIGHT], 0
        for burst in (first, *(new[at : at + _BURST] for at in range(len(first), len(new), _BURST))):
            async with self.database.reading() as connection:
                proposals = await self._proposals(connection, burst)
            decisions = await self.guard.link_all(_LINKER, proposals)
            made = sum(each.state == "executed" for each in decisions)
            joined += made
            if not made:
                break
        return joined

    async def ask_people(self) -> int:
        """Put the pairs the linker is unsure of before people, the likeliest first; returns how many are new.

        Each telling of a pair is asked about once; where AI was stopped, another night.

        What stands in a proposal is the weight of the evidence and the names of fields: no value of either customer.
        """
        async with self.database.reading() as connection:
            new = await _new(connection, "ask")
            proposals = await self._proposals(connection, new[:_A_NIGHT])
        decisions = [await self.guard.propose(_LINKER, each) for each in proposals]
        return sum(each.state == "waiting" for each in decisions)

    async def _say(self, actor: Actor, one: str, other: str, says: Word, origin: Origin) -> Said:
        _may(actor)
        if one == other:
            raise Refused("This is one customer, not two.", code="identity.same", field="other")
        async with self.database.reading() as connection:
            await _known(connection, [one, other])
            stores = await _stores(connection, [one, other])
        link = self._link(actor, one, other, says, stores)
        proposal = Proposal(link, f"link:{origin.causation}", origin, _BY_A_PERSON)
        decision = await self.guard.propose(actor, proposal)
        if decision.state in {"denied", "failed"}:
            rule, sentence = decision.reasons[0]
            code = rule if decision.state == "denied" else "identity.not_done"
            raise Refused(decision.error or sentence, code=code, hint=_HINT if code == "identity.apart" else "")
        async with self.database.reading() as connection:
            return Said(tuple(await members(connection, CustomerRef(one))), decision)

    async def _proposals(self, connection: Connection, told: Sequence[tuple[Told, int]]) -> list[Proposal]:
        """One for each telling, with how often it was proposed before."""
        stores = await _stores(connection, [ref for each, _ in told for ref in each.pair])
        return [self._proposal(each, times, stores) for each, times in told]

    def _proposal(self, told: Told, times: int, stores: Mapping[str, Sequence[Bought]]) -> Proposal:
        link = self._link(_LINKER, told.one, told.other, "link", stores)
        fields, weight = ", ".join(told.agreed), f"{told.bits / 100:.1f}"
        enough = "which settles it" if told.says == "certain" else "short of what settles it"
        return Proposal(
            link,
            f"link:{told.place}:{times}",
            Origin(CorrelationId(f"linking:{told.at:%Y-%m-%d}"), LINKER),
            f"They agree in {fields}: {weight} bits of evidence, {enough}.",
            {"agreed": list(told.agreed), "centibits": told.bits, "model": told.model},
        )

    def _link(
        self, actor: Actor, one: str, other: str, says: Word, stores: Mapping[str, Sequence[Bought]]
    ) -> ProfileLink:
        """The action, asked for where one of them last bought, of the locations the actor covers."""
        bought = sorted((*stores.get(one, ()), *stores.get(other, ())), reverse=True)
        known = [place.id for place in self.places]
        named = (*(store for _, store in bought), *sorted(known))
        store = next((name for name in named if name in known and actor.covers(LocationId(name))), None)
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


async def _new(connection: Connection, says: Says) -> list[tuple[Told, int]]:
    """What holds so and was never proposed but where it was denied, the likeliest first, with how often it was."""
    held = [each for each in (await newest(connection)).values() if each.says == says]
    places = {"by": LINKER, "places": [str(each.place) for each in held]}
    before = {row.place: row for row in await connection.execute(_ASKED, places)} if held else {}
    found = [
        (each, 0 if row is None else int(row.times))
        for each in held
        if (row := before.get(str(each.place))) is None or row.denied
    ]
    return sorted(found, key=lambda one: (-one[0].bits, one[0].place))


async def _stores(connection: Connection, refs: Sequence[str]) -> dict[str, list[Bought]]:
    """When each customer last bought at which location."""
    found: dict[str, list[Bought]] = {}
    for row in await connection.execute(_STORES, {"refs": sorted({*refs})}):
        found.setdefault(row.ref, []).append((row.at, row.store))
    return found


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
