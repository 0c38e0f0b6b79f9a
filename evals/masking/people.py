"""Names no training text held, as people write them: known customers in disguise, and strangers of any origin."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evals.masking.gold import is_hidden
from evals.tagger.pools import Pools
from knowledge.privacy.known import KnownPerson
from knowledge.privacy.nicknames import NICKNAMES
from knowledge.privacy.spans import Span
from knowledge.privacy.tokens import plain

_KNOWN: Final = (
    "{} asked where the parcel is",
    "please call {} back before six",
    "the jacket is for {}, size M",
    "refund issued to {} this morning",
    "note for the shift: {} comes at 4pm",
    "was it {} who left the umbrella?",
    "order on hold until {} confirms",
    "tell {} the boots are in",
)
_STRANGERS: Final = (
    "Parcel for {} is on the shelf behind the till",
    "I am {} and I would like to return this coat",
    "{} wants to know whether the lamp comes in white",
    "Please let {} know that the repair takes a week",
    "We promised {} a callback before noon",
    "The receipt was made out to {}",
    "yesterday {} tried on four pairs and bought none",
    "Exchange approved, {} will bring the box tomorrow",
    "The complaint about the zip came from {}",
    "{} and a friend are in the fitting room",
    "Hello, my daughter {} lost her gift card",
    "Message from {}: running ten minutes late",
)


@dataclass(frozen=True, slots=True)
class Disguise:
    """A known customer's name in a sentence."""

    form: str
    text: str
    name: Span
    person: KnownPerson


def disguises(pools: Pools, count: int, seed: int = 41) -> Iterator[Disguise]:
    """So many people, each in every form that their name has."""
    chance = random.Random(seed)
    origins = sorted(pools.kept_back)
    for number in range(count):
        names = pools.kept_back[origins[number % len(origins)]]
        first, last = _pick(names.first, chance), _pick(names.last, chance)
        if number % 4 == 0:
            first = chance.choice(sorted(name for name in NICKNAMES if len(name) > 5)).title()  # noqa: PLR2004
        person = KnownPerson(names=(f"{first} {last}",))
        for form, written in _forms(first, last, chance):
            sentence = chance.choice(_KNOWN)
            start = sentence.index("{}")
            yield Disguise(form, sentence.format(written), Span("PERSON", start, start + len(written)), person)


def recall_by_form(found: Iterator[Disguise], find: Callable[[str, KnownPerson], Sequence[Span]]) -> dict[str, float]:
    """The share hidden whole, for each form and for all."""
    hidden: defaultdict[str, list[bool]] = defaultdict(list)
    for each in found:
        whole = is_hidden(each.text, each.name, find(each.text, each.person))
        hidden[each.form].append(whole)
        hidden["all"].append(whole)
    return {form: sum(each) / len(each) for form, each in hidden.items()}


def recall_by_origin(
    pools: Pools, find: Callable[[str], Sequence[Span]], count: int, seed: int = 43
) -> dict[str, float]:
    """The share of strangers' names hidden whole, for each origin; `count` sentences each."""
    found: dict[str, float] = {}
    for origin, names in sorted(pools.kept_back.items()):
        chance = random.Random(seed)
        hidden = 0
        for number in range(count):
            sentence = _STRANGERS[number % len(_STRANGERS)]
            first, last = _pick(names.first, chance), _pick(names.last, chance)
            written = first if number % 3 == 2 else f"{first} {last}"  # noqa: PLR2004
            start = sentence.index("{}")
            text = sentence.format(written)
            hidden += is_hidden(text, Span("PERSON", start, start + len(written)), find(text))
        found[origin] = hidden / count
    return found


def _pick(names: list[str], chance: random.Random) -> str:
    """One of at least three letters."""
    return chance.choice([name for name in names if len(name) > 2])  # noqa: PLR2004


def _forms(first: str, last: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    whole = f"{first} {last}"
    yield "exact", whole
    yield "lower", whole.lower()
    yield "upper", whole.upper()
    yield "joined", whole.replace(" ", "").lower()
    yield "first", first
    yield "reversed order", f"{last}, {first}"
    yield "initial", f"{first[0]}. {last}"
    if plain(whole) != whole.lower():
        yield "plain", plain(whole).title()
    if others := NICKNAMES.get(plain(first)):
        yield "nickname", chance.choice(sorted(others)).title()
    if len(first) > 5 and first.isalpha():  # noqa: PLR2004
        place = chance.randrange(1, len(first) - 1)
        letter = chance.choice("aeioulnrst")
        yield (
            "typo",
            chance.choice(
                (
                    first[:place] + first[place + 1 :],
                    first[:place] + letter + first[place + 1 :],
                    first[:place] + letter + first[place:],
                    first[:place] + first[place + 1] + first[place] + first[place + 2 :],
                )
            ),
        )
