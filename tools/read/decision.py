"""explain_decision: why something was done, refused or is waiting, from the event to the outcome."""

from collections.abc import Callable
from datetime import datetime

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.errors import NotFound
from policies.vocabulary.ids import LocationId
from tools.audit.explain import explain
from tools.audit.story import Story
from tools.read.fields import Identifier
from tools.tool import Answer, Arguments, Call, Tool


class ExplainDecision(Arguments):
    """The id of an order, action, approval, event or call."""

    id: Identifier


class Decisions(Answer):
    """The actions this led to, oldest first; `notes` are calls and refusals that led to none."""

    asked: str
    about: str
    stories: tuple[Story, ...]
    notes: tuple[str, ...]
    as_of: datetime
    truncated: bool


def decision_tool(database: Database, now: Callable[[], datetime]) -> Tool:
    """The tool over the ledger."""

    async def tell(call: Call, asked: ExplainDecision) -> Decisions:
        async with database.reading() as connection:
            try:
                found = await explain(connection, asked.id)
            except NotFound as error:
                raise _nothing() from error
        stories = tuple(story for story in found.stories if call.actor.covers(LocationId(story.location)))
        notes = found.notes if call.actor.locations is None else ()  # a note names no location to judge it by
        if not stories and not notes:
            raise _nothing()
        return Decisions(
            asked=asked.id, about=found.about, stories=stories, notes=notes, as_of=now(), truncated=found.truncated
        )

    return Tool(
        name="explain_decision",
        title="Explain a decision",
        description="Why an action happened, waits or was refused: event, evidence, rules, approver, call, outcome.",
        effect=Effect.READ,
        arguments=ExplainDecision,
        answer=Decisions,
        run=tell,
    )


def _nothing() -> NotFound:
    """The same whether nothing is there or the caller may not see it."""
    return NotFound(
        "No decision is known that this id led to, or it belongs to a location you may not look at.",
        code="explain.unknown",
        hint="Give the id of an action, an order, an approval, an event or a call.",
        field="id",
    )
