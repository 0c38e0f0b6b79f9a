"""A burst of proposals becomes a burst of decisions in one transaction: judged, counted, kept, recorded together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text

from knowledge.store.connection import Asked, Connection
from knowledge.store.places import Places
from policies.actions.transfer import Transfer
from policies.decision import Outcome, Verdict
from policies.engine import Engine
from policies.errors import Refused, TillhandError
from policies.situation import Situation
from policies.vocabulary.ids import ActionId
from tools import promises
from tools.action_row import ActionRow, action_id, find_all, pairs
from tools.audit.entry import canonical, digest
from tools.case import Case, case
from tools.ladder.standing import Standings, standings
from tools.proposal import Decision
from tools.record import Judged, Request, keep, refused
from tools.situate import situate
from tools.surroundings import Surroundings, gather

# Whoever proposes under the same key, or out of the same shelves, waits here for the one before.
_QUEUE_UP = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(name, 7203411))"
    " FROM (SELECT DISTINCT name FROM unnest(CAST(:names AS text[])) AS name ORDER BY name) AS names"
)
STATE = {
    Outcome.ALLOW: "allowed",
    Outcome.CONFIRM: "waiting",
    Outcome.APPROVE: "waiting",
    Outcome.APPROVE_TWO: "waiting",
    Outcome.DENY: "denied",
}

Answered = Decision | TillhandError


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a burst.

    Attributes:
        answers: In the burst's order.
        claimed: The actions claimed in this transaction, to be carried out right after it.
    """

    answers: Sequence[Answered]
    claimed: Mapping[ActionId, ActionRow]

    def one(self) -> tuple[Answered, ActionRow | None]:
        """The answer to a burst of one, and its action when it was claimed."""
        (answer,) = self.answers
        return answer, next(iter(self.claimed.values()), None)


@dataclass(slots=True)
class _Candidate:
    """A request on its way through. `answer` is there once nothing more can happen to it.

    `problem` is why it cannot be judged, which does not matter to one that was judged before.
    """

    request: Request
    id: ActionId
    fingerprint: str
    case: Case | None = None
    promised: tuple[promises.Counted, ...] = ()
    situation: Situation | None = None
    verdict: Verdict | None = None
    problem: TillhandError | None = None
    answer: Answered | None = None


async def decide(  # noqa: PLR0913  # one transaction's worth of work, and what it needs
    connection: Connection,
    engine: Engine,
    places: Places,
    requests: Sequence[Request],
    at: datetime,
    *,
    claim: bool = False,
) -> Decided:
    """Judge and keep these proposals, in their order; one that cannot be judged is answered with why.

    Args:
        connection: The transaction in which all of it becomes true.
        engine: The rules.
        places: The locations.
        requests: What is proposed, and by whom.
        at: Now.
        claim: Keep what is allowed as claimed already, because the caller carries it out at once.
    """
    engine = engine.pinned()  # one set of rules for the whole burst, whatever is loaded meanwhile
    candidates = [_candidate(request) for request in requests]
    for each in candidates:
        _read_case(each, places, at)
    # All of it goes to the server together and is answered in this order; what was proposed before is asked about too,
    # because nobody knows yet that it was.
    connection.post(_QUEUE_UP, {"names": _queues(candidates)})
    known = find_all(connection, [each.id for each in candidates])
    gathering = gather(connection, [each.case for each in candidates if each.case], places, engine.limits, at)
    asked = promises.ask(connection, {total for each in candidates for total in each.promised})
    # last: a switch thrown while this burst waited for the locks above holds for it
    standing = _standings(connection, engine, candidates)
    firsts = _recall(await known, candidates)
    around, totals, stands = await gathering.found(), await asked, await standing
    before = dict(totals)
    fresh = [each for each in firsts.values() if each.answer is None]
    for each in fresh:
        each.answer = each.problem
        _judge(each, engine, around, totals, stands)
    promises.add(connection, {key: total - before[key] for key, total in totals.items() if total != before[key]})
    judged = {each.id: _judged(each) for each in fresh if each.verdict is not None}
    problems = [refused(each.request, each.answer, at) for each in candidates if isinstance(each.answer, TillhandError)]
    kept = await keep(connection, list(judged.values()), engine, at, claim=claim, also=problems)
    return Decided([_answer(each, firsts, kept.decisions) for each in candidates], kept.claimed)


async def preview(connection: Connection, engine: Engine, places: Places, request: Request, at: datetime) -> Decision:
    """What `decide` would decide now; nothing is kept and nobody waits for it.

    Raises:
        TillhandError: It cannot be judged.
    """
    engine = engine.pinned()
    each = _candidate(request)
    _read_case(each, places, at)
    if each.case is not None:
        gathering = gather(connection, [each.case], places, engine.limits, at)
        standing = _standings(connection, engine, [each])
        totals = await promises.read(connection, each.promised)
        _judge(each, engine, await gathering.found(), totals, await standing)
    if error := each.problem or (each.answer if isinstance(each.answer, TillhandError) else None):
        raise error
    verdict = _judged(each).verdict
    return Decision("", STATE[verdict.outcome], verdict.outcome, pairs(verdict.reasons))


def _candidate(request: Request) -> _Candidate:
    proposal = request.proposal
    each = _Candidate(request, action_id(request.actor, proposal.key), "")
    try:
        each.fingerprint = digest(proposal.action.facts())
        origin = proposal.origin
        canonical([proposal.key, proposal.rationale, proposal.evidence, proposal.model])
        canonical([origin.correlation, origin.causation])
    except TillhandError as error:
        each.answer = error
    return each


def _queues(candidates: Sequence[_Candidate]) -> list[str]:
    actions = [each.request.proposal.action for each in candidates]
    return [each.id for each in candidates] + [f"from {each.origin}" for each in actions if isinstance(each, Transfer)]


def _recall(known: Mapping[str, ActionRow], candidates: Sequence[_Candidate]) -> dict[ActionId, _Candidate]:
    """Answer what was proposed before under the same key, and return the first of each key in the burst."""
    firsts: dict[ActionId, _Candidate] = {}
    for each in candidates:
        if each.answer is not None:
            continue
        earlier = known.get(each.id)
        first = firsts.setdefault(each.id, each)
        if (earlier or first).fingerprint != each.fingerprint:
            each.answer = Refused(
                "This idempotency key was already used for another action.",
                code="idempotency.key_reused",
                hint="Repeat the first proposal exactly, or choose a new key for a new one.",
                field="idempotency_key",
            )
        elif earlier is not None:
            each.answer = earlier.decision(replayed=True)
    return firsts


def _read_case(each: _Candidate, places: Places, at: datetime) -> None:
    proposal = each.request.proposal
    if each.answer is not None:
        return
    try:
        each.case = case(
            each.request.actor,
            proposal.action,
            proposal.evidence,
            places,
            occurred_at=proposal.origin.occurred_at,
            priced_at=proposal.priced_at,
            proposed_at=at,
            undo=each.request.undoes is not None,
        )
    except TillhandError as error:
        each.problem = error
    else:
        each.promised = promises.counted(proposal.action, each.case.place, at)


def _standings(connection: Connection, engine: Engine, candidates: Sequence[_Candidate]) -> Asked[Standings]:
    places = {each.case.place.id for each in candidates if each.case is not None}
    return standings(connection, engine.rollout, places)


def _judge(
    each: _Candidate, engine: Engine, around: Surroundings, totals: promises.Totals, standing: Standings
) -> None:
    """Situate and decide one, and count it unless it is denied."""
    if each.case is None:
        return
    action, place = each.case.action, each.case.place
    counted = {total: totals[total] + promises.weight(action) for total in each.promised}
    try:
        facts = situate(each.case, around, counted)
    except TillhandError as error:
        each.answer = error
        return
    stands = standing.of(each.case.actor, action.kind, place)
    fresh = engine.situation(each.case.actor, action.kind, place.id, place.region, facts, standing=stands)
    each.situation = fresh.approved(each.request.given)
    verdict = engine.decide(each.situation)
    try:
        if each.request.proposal.witness is not None:
            each.request.proposal.witness(each.situation, verdict)
    except TillhandError as error:
        each.answer = error
        return
    each.verdict = verdict
    if each.verdict.outcome is not Outcome.DENY:
        totals.update(counted)
        if isinstance(action, Transfer):
            around.leave(action)


def _judged(each: _Candidate) -> Judged:
    assert each.case and each.situation and each.verdict  # noqa: S101, PT018  # a judged one has all three
    state = STATE[each.verdict.outcome]
    amount = promises.weight(each.case.action)
    promised = tuple((total.scope, total.key, amount) for total in each.promised) if state != "denied" else ()
    return Judged(
        each.request, each.id, each.fingerprint, each.case.place, each.situation, each.verdict, state, promised
    )


def _answer(each: _Candidate, firsts: dict[ActionId, _Candidate], kept: Mapping[ActionId, Decision]) -> Answered:
    if each.answer is not None:
        return each.answer
    first = firsts[each.id]
    if first.answer is not None:  # the first of its key could not be judged, and this is the same one again
        return first.answer
    return kept[each.id] if each is first else replace(kept[each.id], replayed=True)
