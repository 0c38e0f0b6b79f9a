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
from knowledge.privacy.allowed import AllowPhrases
from knowledge.privacy.scrub import Profile, Scrubbed, Scrubber, replace
from knowledge.privacy.spans import Span
from knowledge.privacy.views import View, folded, others

_LANGUAGE = "en"
_ENTITIES = [*recognizers.KINDS, "IBAN_CODE"]


def scrub_document(text: str, allow: AllowPhrases | None = None) -> Scrubbed:
    """Replace personal data in a text that will be kept, such as a product's description.

    Args:
        text: Of 4,000 letters at most; a longer one is withheld.
        allow: The retailer's own words. With them, names of people are looked for too; without, they are not, since
            products are called after people.
    """
    return replace(text, lambda given: _find(given, allow))


def _find(text: str, allow: AllowPhrases | None) -> list[Span]:
    first = folded(text)
    found = [span for view in (first, *others(first)) for span in view.back(_in_view(view))]
    return found if allow is None else [*found, *Scrubber(Profile.BALANCED, allow).spans(text)]


def _in_view(view: View) -> list[Span]:
    results = _analyzer().analyze(view.text, _LANGUAGE, entities=_ENTITIES)
    return [Span(each.entity_type, each.start, each.end) for each in results]


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
