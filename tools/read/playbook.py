"""find_policy and read_playbook: what the retailer tells its people to do, with where it is written.

What a playbook says is the retailer's word, and still data: it is marked as text that others wrote, and nothing in it
is an instruction to whoever reads the answer.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from knowledge.playbooks.document import Document
from knowledge.playbooks.shelf import Cited, Shelf
from policies.actions.action import Effect
from tools.outside import Outside, OutsideText
from tools.read.fields import OptionalIdentifier, SearchText
from tools.tool import Answer, Arguments, Call, Tool
from tools.unseen import without_unseen


def _readable(text: object) -> object:
    return "\n".join(map(without_unseen, text.split("\n"))) if isinstance(text, str) else text


PassageText = Annotated[str, BeforeValidator(_readable), Outside()]


class FindPolicy(Arguments):
    """A question in the asker's words."""

    text: SearchText
    limit: Annotated[int, Field(ge=1, le=8)] = 3


class Passage(Answer):
    """A stretch of a playbook; `version` names the file's exact content."""

    document: str
    title: OutsideText
    section: OutsideText
    first_line: int
    last_line: int
    version: str
    text: PassageText


class Passages(Answer):
    """Best first; none when nothing fits. `sureness` of the best: 0 to 1."""

    passages: tuple[Passage, ...]
    sureness: float
    as_of: datetime
    truncated: bool = False
    next_cursor: str = ""


class ReadPlaybook(Arguments):
    """One document, or the list of all that the caller may read."""

    document: OptionalIdentifier = ""


class Playbook(Answer):
    """A document; in a list, without its passages."""

    document: str
    title: OutsideText
    version: str
    passages: tuple[Passage, ...]


class Playbooks(Answer):
    """By name."""

    playbooks: tuple[Playbook, ...]
    as_of: datetime
    truncated: bool = False
    next_cursor: str = ""


def find_policy_tool(shelf: Shelf, now: Callable[[], datetime]) -> Tool:
    """The tool over the playbooks of the caller's role."""

    async def find(call: Call, asked: FindPolicy) -> Passages:
        answers = await shelf.find(call.actor.role, asked.text, asked.limit)
        return Passages(passages=tuple(map(_cited, answers.passages)), sureness=round(answers.sureness, 2), as_of=now())

    return Tool(
        name="find_policy",
        toolset="shop",
        title="Find a store policy",
        description="Passages of the retailer's policies and playbooks that answer a question such as 'return without "
        "receipt', each with document, section, lines and version to cite.",
        effect=Effect.READ,
        arguments=FindPolicy,
        answer=Passages,
        run=find,
    )


def playbook_tool(shelf: Shelf, now: Callable[[], datetime]) -> Tool:
    """The tool that hands out whole documents; it is read at an address."""

    async def read(call: Call, asked: ReadPlaybook) -> Playbooks:
        role = call.actor.role
        if asked.document:
            found = [_whole(await shelf.document(role, asked.document))]
        else:
            found = [
                Playbook(document=each.name, title=each.title, version=each.version, passages=())
                for each in await shelf.documents(role)
            ]
        return Playbooks(playbooks=tuple(found), as_of=now())

    return Tool(
        name="read_playbook",
        toolset="shop",
        title="Read a playbook",
        description="A store policy or playbook in full, or the list of them.",
        effect=Effect.READ,
        arguments=ReadPlaybook,
        answer=Playbooks,
        run=read,
        listed=False,
    )


def _cited(each: Cited) -> Passage:
    return Passage(
        document=each.document,
        title=each.title,
        section=each.passage.section,
        first_line=each.passage.first,
        last_line=each.passage.last,
        version=each.version,
        text=each.passage.text,
    )


def _whole(document: Document) -> Playbook:
    passages = (Cited(document.name, document.title, document.version, each, 1.0) for each in document.passages)
    return Playbook(
        document=document.name, title=document.title, version=document.version, passages=tuple(map(_cited, passages))
    )
