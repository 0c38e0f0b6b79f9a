"""What Presidio finds by itself, with no model and no network: the floor beside our figures."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_analyzer.predefined_recognizers.generic import email_recognizer

from knowledge.privacy.spans import Span, merged

_LANGUAGE = "en"


def find(text: str) -> list[Span]:
    """Presidio's own findings, joined where they overlap, whatever its confidence."""
    results = _analyzer().analyze(text, _LANGUAGE)
    return merged(Span(result.entity_type, result.start, result.end) for result in results)


@lru_cache(maxsize=1)
def _analyzer() -> AnalyzerEngine:
    offline: Callable[..., Any] = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    module: Any = email_recognizer
    module.tldextract.extract = offline  # else the first address opens a connection
    engine = NoOpNlpEngine([{"lang_code": _LANGUAGE, "model_name": "none"}])
    registry = RecognizerRegistry(supported_languages=[_LANGUAGE])
    registry.load_predefined_recognizers(languages=[_LANGUAGE], nlp_engine=engine)
    registry.remove_recognizer("SpacyRecognizer")  # needs a model
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[_LANGUAGE])
