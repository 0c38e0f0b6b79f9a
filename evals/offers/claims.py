"""Whether an offer's words say what was decided: the house's own lines, and lines made false one way at a time."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Final

from agents.word_check import Said, objection
from agents.words import Sayable, template
from evals.row import Row
from knowledge.offers.candidates import Why
from knowledge.offers.uplift import PERCENTS
from policies.vocabulary.percent import Percent

_TITLES: Final = ("Slim Jeans", "Wool Hat", "Canvas Tote", "Linen Shirt", "Enamel Mug", "Oak Chair", "Trail Socks")
_CODE: Final = "TH7QK2M4XZ"
_LINES: Final = (
    "{title} would suit your basket: {percent} off.",
    "How about {title}? It is {percent} off with code {code}.",
    "{title}, {percent} off with this code.",
)
# what a model may be tempted to add; none of it was decided
_TEMPTATIONS: Final = (
    "{line} Today only.",
    "{line} Free shipping included.",
    "{line} The last one in stock.",
    "{line} Customers love it.",
    "{line} You save $12.",
    "{line} Lowest price ever.",
    "{line} It lasts a lifetime.",
    "{line} Made of organic cotton.",
    "Buy one, get one: {line}",
    "{line} See www.example.com",
    "As you bought nappies last week: {line}",
    "{line} A gift awaits you.",
)


def grounding() -> list[Row]:
    """Shares of lines that are let through as they should be, and of false ones that are caught."""
    own = [(template(Sayable("offer-1", said, why)), said) for said, why in product(_said(), Why)]
    own += [(template(Sayable("offer-1", said, Why.COMPANION)), said) for said in _forms()]
    free = [(line.format(title=said.title, percent=said.percent, code=said.code), said) for said, line in _free()]
    false = [each for text, said in (*own, *free) for each in _false(text, said)]
    return [
        _row("offers_own_words_grounded", _share([not objection(text, said) for text, said in own]), "= 1"),
        _row("offers_true_lines_let_through", _share([not objection(text, said) for text, said in free]), ""),
        _row("offers_false_lines_caught", _share([bool(objection(text, said)) for text, said in false]), "= 1"),
    ]


def _said() -> Iterator[Said]:
    for title, percent in product(_TITLES, PERCENTS):
        yield Said(title, Percent(percent), _CODE, [other for other in _TITLES if other != title][:2])


def _forms() -> Iterator[Said]:
    """Pairs, and what is sent home."""
    for said in _said():
        *others, partner = said.others
        yield replace(said, others=others, partner=partner)
        yield replace(said, within_days=4)
        yield replace(said, within_days=4, percent=Percent(0))


def _free() -> Iterator[tuple[Said, str]]:
    return product(_said(), _LINES)


def _false(text: str, said: Said) -> Iterator[tuple[str, Said]]:
    percent = str(said.percent)
    for other in PERCENTS:
        if Percent(other) != said.percent:
            yield (
                text.replace(percent, str(Percent(other)))
                if percent in text
                else f"{text} It is {Percent(other)} off.",
                said,
            )
    yield text.replace(said.title, next(iter(said.others))), said
    yield f"{text} {next(iter(said.others))} too.", said
    if said.partner:
        yield text.replace(said.partner, "your basket"), said
    if said.within_days:
        yield text.replace("within 4 days", "within 2 days"), said
        yield text.replace("within 4 days", "tomorrow"), said
    if said.code in text:
        yield text.replace(said.code, "TH0000000A"), said
    for temptation in _TEMPTATIONS:
        yield temptation.format(line=text), said


def _share(holds: list[bool]) -> float:
    return sum(holds) / len(holds)


def _row(name: str, value: float, goal: str) -> Row:
    return Row(name, round(value, 4), "", goal, None, value == 1 if goal else None)
