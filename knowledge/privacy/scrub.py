"""Text in, text without personal data out. Fails closed: what cannot be checked is withheld.

Free text reaches a prompt, the ledger or an approval only as `Scrubbed`, and only this file makes one.
"""

import logging
from dataclasses import dataclass
from functools import lru_cache

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from knowledge.privacy.recognizers import RetailRecognizer

_LONGEST = 4000  # characters; no reason or note is longer, and a longer text is an attack on the scrubber
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text that was checked.

    Attributes:
        text: With `<KIND>` where personal data stood, or `<WITHHELD>`.
        found: How many spans of each kind were replaced.
    """

    text: str
    found: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return self.text


def scrub(text: str) -> Scrubbed:
    """Replace personal data by its kind.

    Names of people are not recognized: fields that hold names never travel as text in the first place.
    """
    if len(text) > _LONGEST:
        return Scrubbed("<WITHHELD>", (("TOO_LONG", 1),))
    try:
        spans = _analyzer().analyze(text, "en", entities=list(RetailRecognizer.ENTITIES))
        merged: list[tuple[int, int, str]] = []
        for span in sorted(spans, key=lambda span: (span.start, -span.end)):
            if merged and span.start < merged[-1][1]:  # spans that overlap hide one stretch together
                start, end, kind = merged[-1]
                merged[-1] = (start, max(end, span.end), kind)
            else:
                merged.append((span.start, span.end, span.entity_type))
        found: dict[str, int] = {}
        for start, end, kind in reversed(merged):
            text = f"{text[:start]}<{kind}>{text[end:]}"
            found[kind] = found.get(kind, 0) + 1
        return Scrubbed(text, tuple(sorted(found.items())))
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the text must not pass unchecked
        _log.warning("text withheld: the scrubber failed with %s", type(error).__name__)
        return Scrubbed("<WITHHELD>", (("FAILED", 1),))


@lru_cache(maxsize=1)
def _analyzer() -> AnalyzerEngine:
    registry = RecognizerRegistry(recognizers=[RetailRecognizer()], supported_languages=["en"])
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}]),
        supported_languages=["en"],
    )
