"""The words of an offer: a template from its reason code, or a model's line when it says exactly what was decided.

A model may choose among the core's best offers by id; it makes no number, and what it writes is checked.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from agents.answer import ModelAnswer, ask
from agents.model import ModelDoor
from agents.prompt import Prompt, read_prompt
from agents.word_check import Said, objection
from knowledge.offers.candidates import Why
from policies.packs.pack import disclosed

_TEMPLATES: Final = {
    Why.COMPANION: "{title} goes well with your basket: {percent} off with this code.",
    Why.CARTED: "Still thinking about {title}? It is {percent} off with this code.",
    Why.VIEWED: "You looked at {title}: it is {percent} off with this code.",
}
_NO_TITLE: Final = "Here is {percent} off with this code."


@dataclass(frozen=True, slots=True)
class Sayable:
    """One of the core's offers, as far as words go; nothing in it is about a person.

    Attributes:
        id: What a model names it by.
    """

    id: str
    said: Said
    why: Why


@dataclass(frozen=True, slots=True)
class Written:
    """Which offer, in which words.

    Attributes:
        model: Model and prompt, as a proposal records them; "" for a template.
        objection: Why a model's line was not used; "" when there was none or it was.
    """

    choice: int
    text: str
    source: Literal["model", "template"]
    model: str = ""
    objection: str = ""


class ModelLine(ModelAnswer):
    """What a model answers."""

    offer: str = Field(max_length=40)
    line: str = Field(max_length=400)


class Writer:
    """Finds words for an offer within a deadline; without a model it is the template, at once."""

    def __init__(self, door: ModelDoor | None = None, prompt: Prompt | None = None) -> None:
        self._door = door
        self._prompt = prompt or read_prompt("offers")

    @property
    def asks_model(self) -> bool:
        """Whether a model words offers at all."""
        return self._door is not None

    async def write(self, offers: Sequence[Sayable], *, deadline: float, audience: str = "") -> Written:
        """Choose among offers, best first, and word the choice.

        Args:
            offers: At least one; all of them may be made.
            deadline: A moment of the running event loop's clock, in seconds.
            audience: What a group of at least twenty customers does, one of whom is being spoken to; "" for nothing.
        """
        if self._door is None or not self._door.ready(deadline):
            return Written(0, template(offers[0]), "template")
        answer = await ask(self._door, self._prompt, _facts(offers, audience), ModelLine, deadline=deadline)
        if answer is None:
            return Written(0, template(offers[0]), "template", objection="words.no_answer")
        choice = next((place for place, offer in enumerate(offers) if offer.id == answer.offer), None)
        if choice is None:
            return Written(0, template(offers[0]), "template", objection="words.unknown_offer")
        fault = objection(answer.line, offers[choice].said)
        if fault:
            return Written(0, template(offers[0]), "template", objection=fault)
        return Written(choice, answer.line, "model", self._prompt.label(self._door.name))


def template(offer: Sayable) -> str:
    """The line of an offer without a model."""
    said = offer.said
    pattern = _TEMPLATES[offer.why] if said.title != "this" else _NO_TITLE
    return pattern.format(title=said.title, percent=said.percent)


def personal(message: str, packs: tuple[str, ...], *, known: bool) -> str:
    """The message as its reader must be told it: with what these jurisdictions ask for when the reader is known."""
    return disclosed(message, packs) if known else message


def _facts(offers: Sequence[Sayable], audience: str) -> str:
    rows = [
        {"id": offer.id, "product": offer.said.title, "percent": str(offer.said.percent), "why": offer.why.value}
        for offer in offers
    ]
    told = {"offers": rows, "customers_like_this": audience} if audience else {"offers": rows}
    return json.dumps(told, ensure_ascii=False)
