"""Street addresses and postcodes by their shape; towns and the rest of an address are the tagger's part."""

import re
from typing import Final

from knowledge.privacy.spans import Span

_WORDS: Final = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_NUMBER: Final = rf"(?<![\w.,$£€])(?:\d{{1,5}}(?:[-/]\d{{1,4}})?[a-z]?|(?:{_WORDS})(?:[- ](?:{_WORDS}))?)"
_ENDINGS: Final = (
    "street|st|str|avenue|ave|av|road|rd|lane|ln|drive|dr|court|ct|place|pl|boulevard|blvd|way|close|crescent|cres|terrace"
    "|parkway|pkwy|square|sq|circle|cir|hill|row|walk|trail|trl|highway|hwy|gardens|gdns|mews|loop|alley|path|grove|rise"
)
_STATES: Final = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
_UNIT: Final = r"(?:[ ,]{1,2}(?:apt|apartment|suite|ste|unit|flat|floor|#)\.? ?[\w-]{1,6})?"
_TOWN: Final = (
    rf"(?:,?[ \n][A-Z][\w.'-]{{1,20}}(?: [A-Z][\w.'-]{{1,20}}){{0,2}},? (?:{_STATES})(?: \d{{5}}(?:-\d{{4}})?)?)?"
)
_UK_CODE: Final = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_GERMANIC: Final = (
    r"\b[^\W\d_][\w-]{0,25}(?:stra(?:ß|ss)e|str\.|weg|platz|gasse|allee|ufer|damm|straat|laan|gracht|gatan|vägen|vej"
    r"|gade|gata|katu|tie) ?\d{1,4}[a-z]?\b(?:,? \d{4,5} [A-ZÄÖÜ][\w-]{2,20})?"
)
_FRENCH: Final = (
    r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|bd|place|chemin|allée|impasse|quai|cours)"
    r" (?:[^\W\d_][\w'’-]{0,20} ?){1,5}(?:, ?\d{5} [A-Z][\w-]{2,20})?"
)
_ROMANCE: Final = (
    r"\b(?:calle|avenida|avda|plaza|paseo|via|viale|piazza|corso|rua|travessa|ulica|ul\.|al\.|jalan|jl\.|c/) ?"
    r"(?:[^\W\d_][\w'’.-]{0,20} ){1,4},? ?(?:n[º°.]? ?)?\d{1,4}[a-z]?\b"
)
_NAMED_CODE: Final = (
    r"\b(?:zip|postal|post|postcode|plz|code postal|cap|cp)(?:[ -]?code)?(?: is| of| no\.?)?[ :]{1,2}"
    r"(?=[a-z ]{0,3}\d)[a-z0-9]{2,5}(?:[ -][a-z0-9]{2,4})?\b"
)
_PATTERNS: Final = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (
            rf"{_NUMBER},? (?:[^\W\d_][\w.'’-]{{0,20}} ){{1,3}}(?:{_ENDINGS})\b\.?(?! ?%){_UNIT}",
            re.IGNORECASE,
        ),
        (rf"\b\d{{1,5}}[a-z]? (?:[A-Z][\w.'-]{{1,20}} ){{1,4}}(?:(?i:{_ENDINGS}))\b\.?(?i:{_UNIT}){_TOWN}", 0),
        (_GERMANIC, re.IGNORECASE),
        (_FRENCH, re.IGNORECASE),
        (_ROMANCE, re.IGNORECASE),
        (r"\b(?:apt|apartment|suite|ste)\b\.? ?#?\d{1,5}[a-z]?\b(?! ?%)", re.IGNORECASE),
        (r"\b(?:[^\n]{1,30}\n?[^\n]{0,30}[ \n])?[AFD]PO,? A[AEP],? \d{5}\b", 0),
        (r"\bp\.? ?o\.? ?box \d{1,6}\b", re.IGNORECASE),
        (rf"\b{_UK_CODE}\b", 0),
        (r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b", 0),
        (rf"\b[A-Z][\w.'-]{{1,20}}(?: [A-Z][\w.'-]{{1,20}}){{0,2}}, (?:{_STATES}),? \d{{5}}(?:-\d{{4}})?\b", 0),
        (rf"\b(?:{_STATES}) \d{{5}}(?:-\d{{4}})?\b", 0),
        (_NAMED_CODE, re.IGNORECASE),
    )
)


def find(text: str) -> list[Span]:
    """Every stretch shaped like an address or a postcode."""
    return [Span("ADDRESS", match.start(), match.end()) for pattern in _PATTERNS for match in pattern.finditer(text)]
