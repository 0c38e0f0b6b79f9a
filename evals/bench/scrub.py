"""What scrubbing 500 characters costs on one core, for each profile, beside Presidio alone on the same texts."""

import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from threadpoolctl import threadpool_limits

from evals.masking import clean, presidio_alone
from evals.row import Row
from knowledge.privacy.scrub import Profile, Scrubber
from knowledge.privacy.spans import Span

_GOALS_MS: Final = {Profile.FAST: 12.0, Profile.BALANCED: 30.0}
_TEXTS: Final = 60
_LENGTH: Final = 500
_MENTIONS: Final = (
    "Ines Calloway called from 312-555-0147 about the parka.",
    "Send it to 48 Willow Lane, Ashford, OH 44805 please.",
    "Write to t.abara@mail.example when it is in.",
    "Thanks, Tobias",
)


async def measure() -> list[Row]:
    """The median of processor time over texts of a shop, with somebody in every fourth sentence."""
    chance = Random(5)
    texts = [_text(chance) for _ in range(_TEXTS)]
    with threadpool_limits(limits=1):  # one core
        alone = _p50(presidio_alone.find, texts)
        took = {profile: _p50(Scrubber(profile, clean.phrases()).spans, texts) for profile in Profile}
    return [
        Row(
            f"scrub_{profile}_p50_ms",
            milliseconds,
            "ms",
            f"<= {_GOALS_MS[profile]:.0f}" if profile in _GOALS_MS else "",
            alone,
            milliseconds <= _GOALS_MS[profile] if profile in _GOALS_MS else None,
        )
        for profile, milliseconds in took.items()
    ]


def _text(chance: Random) -> str:
    words = ""
    while len(words) < _LENGTH:
        words += chance.choice(_MENTIONS if chance.randrange(4) == 0 else clean.LINES) + " "
    return words[:_LENGTH]


def _p50(find: Callable[[str], Sequence[Span]], texts: Sequence[str]) -> float:
    find(texts[0])
    took: list[float] = []
    for text in texts:
        begun = time.thread_time()
        find(text)
        took.append(time.thread_time() - begun)
    return 1000 * sorted(took)[len(took) // 2]
