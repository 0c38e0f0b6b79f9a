"""Presidio over documents: what is stored for good is checked by it as well, beside our own recognizers.

Importing Presidio loads spaCy and with it torch, seconds and hundreds of megabytes, so nothing on the way of a call or
an event does. Its default e-mail recognizer opens network connections and its phone recognizer misses half of them:
both are ours here, and of its own only recognizers that open no connection are used.
"""

from functools import lru_cache

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IbanRecognizer

from knowledge.privacy import recognizers
from knowledge.privacy.recognizers import Span
from knowledge.privacy.scrub import Scrubbed, replace

_LANGUAGE = "en"
_ENTITIES = [*recognizers.KINDS, "IBAN_CODE"]


def scrub_document(text: str) -> Scrubbed:
    """Replace personal data in a text that will be kept, such as a product's description."""
    return replace(text, _find)


def _find(text: str) -> list[Span]:
    results = _analyzer().analyze(text, _LANGUAGE, entities=_ENTITIES)
    return [Span(result.entity_type, result.start, result.end) for result in results]


class _Ours(EntityRecognizer):
    """Our recognizers, as Presidio runs them."""

    def __init__(self) -> None:
        super().__init__(supported_entities=list(recognizers.KINDS), name="retail")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every span, all equally sure: a doubt is a reason to hide."""
        return [RecognizerResult(kind, start, end, 1.0) for kind, start, end in recognizers.find(text)]


@lru_cache(maxsize=1)
def _analyzer() -> AnalyzerEngine:
    registry = RecognizerRegistry(
        recognizers=[_Ours(), CreditCardRecognizer(), IbanRecognizer()], supported_languages=[_LANGUAGE]
    )
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=NoOpNlpEngine([{"lang_code": _LANGUAGE, "model_name": "none"}]),
        supported_languages=[_LANGUAGE],
    )
