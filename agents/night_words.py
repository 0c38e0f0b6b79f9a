"""Words for what the night noticed: a model may choose what comes first and say it; it may state nothing of its own."""

import asyncio
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import Field

from agents.answer import ModelAnswer, ask
from agents.model import ModelDoor
from agents.prompt import Prompt, read_prompt
from knowledge.planning.night_notes import Worded
from knowledge.planning.noticing import Noticed
from policies.vocabulary.money import Money
from tools.claims.check import unbacked
from tools.claims.evidence import Evidence
from tools.unseen import has_unseen

LONGEST: Final = 240  # characters
PER_NOTE: Final = 20.0  # seconds a model may take for one, repair included
_SHOWN: Final = 6  # of what is left, to a model
_WAY: Final = re.compile(
    r"\b(?:more|less|fewer|higher|lower|above|below|up|down|over|under|extra|additional|plus|minus|rais\w*|increas\w*|cut\w*"
    r"|reduc\w*|decreas\w*|drop\w*|add\w*|grow\w*|r[io]se\w*|f[ea]ll\w*|doubl\w*|halv\w*|half|twice)\b"
)
_MARKUP: Final = frozenset("<>[]{}*_#`|~\\^")
_BAND: Final = "{sku} at {location} sold {sold} in the last {days} days; {expected} are expected in the next {days}."
_TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "below_band": _BAND,
        "above_band": f"{_BAND} What sells after such a week is uncertain, so nothing is proposed.",
        "promotion": "{sku} at {location} has {available} left and a known event ahead: it is gone on {gone_on}.",
        "what_if_more": "If customers wanted {percent} % more than foretold, {shelves} more best sellers would run out,"
        " with {more} of margin at stake.",
        "what_if_late": "If suppliers came {days} days late, {shelves} more best sellers would run out,"
        " with {more} of margin at stake.",
    }
)


class Said(ModelAnswer):
    """What a model answers."""

    id: str = Field(max_length=20)
    words: str = Field(max_length=600)


@dataclass(frozen=True, slots=True)
class NightWords:
    """Chooses and words within a number of seconds; without a model the order is the core's and the words the house's.

    Attributes:
        door: To the model; `None`: there is none.
        seconds: Of the model's time, for all notes together.
    """

    door: ModelDoor | None = None
    seconds: float = 0.0

    async def write(self, noticed: Sequence[Noticed]) -> list[Worded]:
        """All of it, in the order to be told."""
        left = list(noticed)
        told: list[Worded] = []
        clock = asyncio.get_running_loop().time
        until = clock() + self.seconds
        while left and self.door is not None and clock() < until:
            chosen = await self._chosen(self.door, left, min(until, clock() + PER_NOTE))
            if chosen is None:
                break
            told.append(chosen)
            left.remove(chosen.noticed)
        return [*told, *(Worded(each, plainly(each)) for each in left)]

    async def _chosen(self, door: ModelDoor, left: Sequence[Noticed], deadline: float) -> Worded | None:
        """What the model takes next, in its words or the house's; `None` when it gives no usable choice."""
        shown = {f"n{number}": each for number, each in enumerate(left[:_SHOWN], 1)}
        facts = json.dumps([{"id": name, "said": plainly(each)} for name, each in shown.items()], ensure_ascii=False)
        prompt: Prompt = read_prompt("planning")
        answer = await ask(door, prompt, facts, Said, deadline=deadline)
        chosen = shown.get(answer.id) if answer else None
        if answer is None or chosen is None:
            return None
        others = {each.sku for each in left} - {chosen.sku, ""}
        if objection(answer.words, chosen, others):
            return Worded(chosen, plainly(chosen))
        return Worded(chosen, answer.words, prompt.label(door.name))


def plainly(noticed: Noticed) -> str:
    """The house's own words: every figure the core's."""
    told: dict[str, object] = {"sku": noticed.sku, "location": noticed.location, **noticed.figures}
    if "currency" in told:
        told["more"] = Money(int(noticed.figures["more"]), str(noticed.figures["currency"]))
    words = _TEMPLATES[noticed.reason].format_map(told)
    if noticed.percent:
        way = "more" if noticed.percent > 0 else "less"
        words += f" Proposed: {abs(noticed.percent)} % {way} until {noticed.last}."
    return words


def objection(words: str, noticed: Noticed, others: AbstractSet[str] = frozenset()) -> str:
    """Why a model's words may not stand for what the house would say, as a reason code; "" when they may.

    Args:
        words: The model's.
        noticed: What they are about; they name its goods and place, and no figure or name it does not have.
        others: Goods that were noticed beside it: to speak of one is a claim of its own.
    """
    said = plainly(noticed)
    if not 0 < len(words) <= LONGEST or words != words.strip() or words != unicodedata.normalize("NFKC", words):
        return "words.length"
    if has_unseen(words) or _MARKUP & (set(words) - set(said)):
        return "words.markup"
    if noticed.sku not in words or noticed.location not in words or _tokens(words) - _tokens(said):
        return "words.name"
    if _ways(words) - _ways(said):
        return "words.way"
    return "words.claim" if unbacked(words, Evidence((said,), (), others)) else ""


def _tokens(words: str) -> set[str]:
    """Figures, codes and whatever else holds a digit or an underscore."""
    return set(re.findall(r"\w*[\d_]\w*", words))


def _ways(words: str) -> set[str]:
    """Words that turn a figure around; those of the house are the only ones that may stand."""
    return set(_WAY.findall(words.lower()))
