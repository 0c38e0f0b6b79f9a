"""How well text is scrubbed: texts nobody here wrote, strangers of all origins, known customers in disguise.

Every figure stands beside Presidio alone on the same texts. Of the marked texts, the templates with even numbers were
looked at while the scrubber was made; these rows are of the others.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from evals.masking import adversarial, clean, gold, people, presidio_alone
from evals.row import Row
from evals.tagger import pools
from knowledge.privacy.scrub import Profile, Scrubber
from knowledge.privacy.spans import Span

_RECALL: Final = {Profile.BALANCED: 0.97, Profile.STRICT: 0.985}
_PRECISION: Final = {Profile.BALANCED: 0.90}
_SPREAD: Final = 0.02
_KNOWN: Final = 0.995
_FORMS: Final = 97
_OVER: Final = 0.02
_PEOPLE: Final = 120
_SENTENCES: Final = 1_200  # for each origin: of 120, the spread would be little but chance


async def measure() -> list[Row]:
    """All rows; needs the marked texts beside the repository, and Faker."""
    texts = await gold.read(develop=False)
    return await asyncio.to_thread(_rows, texts)


def _rows(texts: list[gold.Marked]) -> list[Row]:
    alone = gold.score(texts, presidio_alone.find)
    rows: list[Row] = []
    for profile in Profile:
        found = gold.score(texts, Scrubber(profile).spans)
        rows += [
            _at_least(f"masking_{profile}_recall", found.recall, _RECALL.get(profile), alone.recall),
            _at_least(f"masking_{profile}_precision", found.precision, _PRECISION.get(profile), alone.precision),
        ]
    drawn = pools.read()
    return [*rows, *_by_origin(drawn), *_known(drawn), *_adversarial(), *_clean()]


def _by_origin(drawn: pools.Pools) -> list[Row]:
    found = people.recall_by_origin(drawn, Scrubber(Profile.BALANCED).spans, _SENTENCES)
    spread = max(found.values()) - min(found.values())
    return [
        Row("masking_name_spread", spread, "", f"<= {_SPREAD}", None, spread <= _SPREAD),
        *(Row(f"masking_names_{origin}_recall", share, "", "", None, None) for origin, share in found.items()),
    ]


def _known(drawn: pools.Pools) -> list[Row]:
    scrubber = Scrubber(Profile.BALANCED)
    found = people.recall_by_form(
        people.disguises(drawn, _PEOPLE), lambda text, person: scrubber.spans(text, (person,))
    )
    alone = people.recall_by_form(people.disguises(drawn, _PEOPLE), lambda text, _: presidio_alone.find(text))
    return [_at_least("masking_known_customer_recall", found["all"], _KNOWN, alone["all"])]


def _adversarial() -> list[Row]:
    def caught(find: Callable[[str], Sequence[Span]]) -> float:
        return float(sum(whole for _, whole in adversarial.caught(find)))

    scrubber = Scrubber(Profile.BALANCED)
    found = caught(lambda text: scrubber.spans(text, (adversarial.CUSTOMER,)))
    stranger = caught(scrubber.spans)
    alone = caught(presidio_alone.find)
    return [
        Row("masking_adversarial_caught", found, "of 99", f">= {_FORMS}", alone, found >= _FORMS),
        Row("masking_adversarial_caught_of_a_stranger", stranger, "of 99", "", alone, None),
    ]


def _clean() -> list[Row]:
    alone = clean.over_masking(presidio_alone.find)
    rows: list[Row] = []
    for profile in Profile:
        found = clean.over_masking(Scrubber(profile, clean.phrases()).spans)
        held = found.letters <= _OVER if profile is not Profile.STRICT else None
        goal = f"<= {_OVER}" if held is not None else ""
        rows += [
            Row(f"masking_{profile}_over", found.letters, "", goal, alone.letters, held),
            Row(f"masking_{profile}_over_lines", found.lines, "", "", alone.lines, None),
        ]
    return rows


def _at_least(name: str, share: float, least: float | None, baseline: float) -> Row:
    if least is None:
        return Row(name, share, "", "", baseline, None)
    return Row(name, share, "", f">= {least}", baseline, share >= least)
