"""The words of an offer: a line kept from the night, a model's line of now, or a template from its reason code.

A model may choose among the core's best offers by id; it makes no number, and what it writes is checked: when it is
kept, and again with the percentage and the code of the decision before anybody reads it.
"""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field

from agents.answer import ModelAnswer, ask
from agents.model import ModelDoor
from agents.prompt import Prompt, read_prompt
from agents.word_check import NAMELESS, Said, filled, objection, plain_title
from knowledge.offers.candidates import Candidate, Why
from knowledge.offers.kept_lines import Found, KeptLines, LineKey, version_of
from policies.errors import Unavailable
from policies.packs.pack import disclosed
from policies.vocabulary.percent import Percent

Words = Literal["kept", "live", "template"]
"""Where words come from: written beforehand by a model, written by it now, or the house's own."""

_TEMPLATES: Final = {
    Why.COMPANION: "{title} goes well with your basket: {percent} off with this code.",
    Why.AKIN: "Have a look at {title}, too: it is {percent} off with this code.",
    Why.ANOTHER: "There is {title} as well: {percent} off with this code.",
    Why.CARTED: "Still thinking about {title}? It is {percent} off with this code.",
    Why.WISHED: "{title} is on your wishlist: {percent} off with this code.",
    Why.VIEWED: "You looked at {title}: it is {percent} off with this code.",
}
_BUNDLE: Final = "{title} goes well with {partner}: {percent} off both with this code."
_HOME: Final = "{title} is not on our shelf: we send it home within {days} days, {percent} off with this code."
_SERVICE: Final = "{title} is not on our shelf: we send it home within {days} days."
_NO_TITLE_SERVICE: Final = "What you look for is not on our shelf: we send it home within {days} days."
_PROMOTION: Final = "{title} is in our promotion."
_NO_TITLE_PROMOTION: Final = "Have a look at our promotion."
_NO_TITLE: Final = "Here is {percent} off with this code."


@dataclass(frozen=True, slots=True)
class Sayable:
    """One of the core's offers, as far as words go; nothing in it is about a person.

    Attributes:
        id: What a model names it by.
        key: What a line was kept under, if one was; `None` where none can be.
    """

    id: str
    said: Said
    why: Why
    key: LineKey | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """Which offer, in which words.

    Attributes:
        model: Model and prompt, as a proposal records them; "" for a template.
        objection: Why a model's line was not used; "" when there was none or it was.
    """

    choice: int
    text: str
    source: Words
    model: str = ""
    objection: str = ""


class ModelLine(ModelAnswer):
    """What a model answers."""

    offer: str = Field(max_length=40)
    line: str = Field(max_length=400)


class Writer:
    """Finds words for an offer within a deadline; without a model it is the template, at once.

    Args:
        door: To the model.
        prompt: Its instructions.
        kept: Lines it wrote beforehand; none by default.
    """

    def __init__(
        self, door: ModelDoor | None = None, prompt: Prompt | None = None, kept: KeptLines | None = None
    ) -> None:
        self._door = door
        self._prompt = prompt or read_prompt("offers")
        self._kept = kept

    @property
    def asks_model(self) -> bool:
        """Whether a model words offers at all."""
        return self._door is not None

    @property
    def label(self) -> str:
        """The model and its prompt, as a proposal records them; "" without a model."""
        return self._prompt.label(self._door.name) if self._door else ""

    async def write(
        self, offers: Sequence[Sayable], *, deadline: float, audience: str = "", live: bool = True
    ) -> Written:
        """Choose among offers, best first, and word the choice; a kept line for the best comes first.

        Args:
            offers: At least one; all of them may be made.
            deadline: A moment of the running event loop's clock, in seconds.
            audience: What a group of at least twenty customers does, one of whom is being spoken to; "" for nothing.
            live: The model may be asked now; else, without a kept line, it is the template.
        """
        kept = (await self.recalled(offers[:1], deadline=deadline))[0]
        if kept is not None or live:
            return kept or await self.write_now(offers, deadline=deadline, audience=audience)
        return Written(0, template(offers[0]), "template")

    async def write_now(self, offers: Sequence[Sayable], *, deadline: float, audience: str = "") -> Written:
        """As `write`, without a look at what is kept: what the model says now, or the template and why."""
        if offers[0].said.promoted or self._door is None or not self._door.ready(deadline):
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
        return Written(choice, answer.line, "live", self.label)

    async def recalled(self, offers: Sequence[Sayable], *, deadline: float) -> list[Written | None]:
        """The kept line of each offer, filled in and checked again; `None` where none is fit, or the store is late.

        Args:
            offers: Each by itself.
            deadline: As for `write`.
        """
        keys = [offer.key for offer in offers if offer.key]
        found: dict[LineKey, Found] = {}
        if self._kept is not None and self._door is not None and keys:
            try:
                async with asyncio.timeout_at(deadline):
                    found = await self._kept.find(keys, model=self.label)
            except (TimeoutError, Unavailable):  # words are never worth waiting for
                found = {}
        return [self._filled(offer, found.get(offer.key) if offer.key else None) for offer in offers]

    def _filled(self, offer: Sayable, found: Found | None) -> Written | None:
        if found is None or found.refused:
            return None
        line = filled(found.text, offer.said.percent)
        return None if objection(line, offer.said) else Written(0, line, "kept", self.label)


def key_of(kind: str, one: Candidate, within_days: int = 0) -> LineKey | None:
    """What a line about an offer is kept under; `None` when its goods have no name that may be said.

    Args:
        kind: Of buyer.
        one: The offer, at prices that hold.
        within_days: By when it arrives, of what is sent home.
    """
    titles = [plain_title(goods.title, goods.category) for goods in (one.goods, one.partner) if goods]
    if "this" in titles or one.form == "promotion":
        return None  # of a promotion the house's own words tell, at once
    reason, title = one.wanted.why.value, titles[0]
    if one.partner is not None:
        reason = f"{reason}+{one.partner.sku}"
        title = f"{title}\0{titles[1]}\0{one.partner.price}"
    if within_days:
        # at full price a line says nothing of a discount, so it stands for no offer with one
        form = "home" if one.terms.percent_bp else "service"
        reason, title = f"{reason}+{form}", f"{title}\0{within_days}"
    return LineKey(kind, one.goods.sku, reason, version_of(title, one.goods.price, one.goods.currency))


def said_of(one: Candidate, code: str, others: Collection[str] = (), *, within_days: int = 0) -> Said:
    """What a text about an offer may state.

    Args:
        one: The offer.
        code: Its discount code.
        others: Titles of products the text must not name.
        within_days: By when it arrives, of what is sent home.
    """
    partner = plain_title(one.partner.title, one.partner.category) if one.partner else ""
    title = plain_title(one.goods.title, one.goods.category)
    promoted = one.form == "promotion"
    return Said(title, Percent(one.terms.percent_bp), code, others, partner, within_days, promoted)


def template(offer: Sayable) -> str:
    """The line of an offer without a model."""
    said = offer.said
    if said.promoted:
        return (_NO_TITLE_PROMOTION if said.title == NAMELESS else _PROMOTION).format(title=said.title)
    service = not said.percent.basis_points
    pattern = _HOME if said.within_days else _BUNDLE if said.partner else _TEMPLATES[offer.why]
    if "this" in {said.title, said.partner}:
        pattern = _NO_TITLE_SERVICE if service else _NO_TITLE
    elif service:
        pattern = _SERVICE
    return pattern.format(title=said.title, partner=said.partner, days=said.within_days, percent=said.percent)


def personal(message: str, packs: tuple[str, ...], *, known: bool) -> str:
    """The message as its reader must be told it: with what these jurisdictions ask for when the reader is known."""
    return disclosed(message, packs) if known else message


def _row(offer: Sayable) -> dict[str, object]:
    said = offer.said
    return {
        "id": offer.id,
        "product": said.title,
        **({"percent": str(said.percent)} if said.percent.basis_points else {}),
        "why": offer.why.value,
        **({"with": said.partner} if said.partner else {}),
        **({"within_days": said.within_days} if said.within_days else {}),
    }


def _facts(offers: Sequence[Sayable], audience: str) -> str:
    rows = [_row(offer) for offer in offers]
    told = {"offers": rows, "customers_like_this": audience} if audience else {"offers": rows}
    return json.dumps(told, ensure_ascii=False)
