"""explain_decision: why something was done, refused or is waiting, from the event to the outcome."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from knowledge.store.session import Database
from policies.actions.action import Effect
from policies.engine import Engine
from policies.errors import NotFound
from tools.audit.explain import STORIES, explain
from tools.audit.story import Story
from tools.outside import Outside
from tools.read.discretion import Discretion
from tools.read.fields import Cursor, Identifier
from tools.read.page import next_page, page_start
from tools.tool import Answer, Arguments, Call, Tool


class ExplainDecision(Arguments):
    """The id of an order, action, approval, event or call."""

    id: Identifier
    cursor: Cursor = ""


class Decisions(Answer):
    """The actions this led to, oldest first; `notes` are calls and refusals that led to none."""

    asked: str
    about: str
    stories: Annotated[tuple[Story, ...], Outside()]  # reasons, notes and titles, by people and assistants
    notes: tuple[str, ...]
    as_of: datetime
    truncated: bool
    next_cursor: str


def decision_tool(database: Database, engine: Engine, now: Callable[[], datetime]) -> Tool:
    """The tool over the ledger; the rules say how much of it a caller is told."""
    discretion = Discretion(engine)

    async def tell(call: Call, asked: ExplainDecision) -> Decisions:
        start = page_start(asked.cursor)
        async with database.reading() as connection:
            try:
                found = await explain(connection, asked.id, start)
            except NotFound as error:
                raise _nothing() from error
        told = (discretion.tell(call.actor, story) for story in found.stories)
        stories = tuple(story for story in told if story is not None)
        everywhere = call.actor.locations is None and discretion.sees_everything(call.actor)
        notes = found.notes if everywhere else ()  # a note names no location to judge it by
        if not stories and not notes:
            raise _nothing()
        return Decisions(
            asked=asked.id,
            about=found.about,
            stories=stories,
            notes=notes,
            as_of=now(),
            truncated=found.truncated,
            next_cursor=next_page(start + STORIES) if found.truncated else "",
        )

    return Tool(
        name="explain_decision",
        toolset="decisions",
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
