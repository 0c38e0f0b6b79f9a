"""What a specialist may ask of the retailer's playbooks, and how its answer goes out: cited and backed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.playbooks.shelf import Answers, Cited
from policies.vocabulary.actor import Role
from tools.claims.check import Unbacked, unbacked
from tools.claims.evidence import Evidence


class Playbooks(Protocol):
    """The playbooks; `knowledge.playbooks.shelf.Shelf` in the product."""

    async def find(self, role: Role, text: str, limit: int) -> Answers:
        """The passages that answer a question, for somebody of this role."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What may go out.

    Attributes:
        text: The model's words when every claim in them is backed; otherwise the passages' own.
        sources: What it rests on, such as `returns.md, Returns > Without a receipt, lines 12-13 (3f2a...)`.
        objections: Why the model's words were not used.
    """

    text: str
    sources: tuple[str, ...]
    objections: tuple[Unbacked, ...] = ()


def reply(words: str, passages: Sequence[Cited]) -> Reply:
    """A model's answer from these passages, checked; their own words stand in for what is not backed."""
    texts = tuple(f"{each.title}. {each.passage.section}. {' '.join(each.passage.text.split())}" for each in passages)
    sources = tuple(map(source, passages))
    objections = unbacked(words, Evidence(texts))
    if words.strip() and not objections:
        return Reply(words, sources)
    return Reply("\n\n".join(each.passage.text for each in passages), sources, objections)


def source(cited: Cited) -> str:
    """Where a passage stands, for a reader who wants to look."""
    where = cited.passage
    lines = f"line {where.first}" if where.first == where.last else f"lines {where.first}-{where.last}"
    return f"{cited.document}.md, {where.section}, {lines} ({cited.version})"
