"""Text inside text: runs of base64 and hexadecimal digits that turn into readable words."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from knowledge.privacy.spans import Span

_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{12,3000}={0,2}")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0x)?(?:[0-9A-Fa-f]{2}[ :]?){8,1500}(?![0-9A-Za-z])")
_PRINTABLE: Final = 0.9
_SHORTEST: Final = 6  # letters; less is chance


def find(text: str, holds_personal_data: Callable[[str], bool]) -> list[Span]:
    """Runs whose decoded text `holds_personal_data`; the whole run is the span."""
    spans: list[Span] = []
    for pattern, decode in ((_HEX, _from_hex), (_BASE64, _from_base64)):
        for match in pattern.finditer(text):
            inner = decode(match.group())
            if inner and holds_personal_data(inner):
                spans.append(Span("ENCODED", match.start(), match.end()))
    return spans


def _from_hex(written: str) -> str:
    return _readable(bytes.fromhex(re.sub(r"^0x|[ :]", "", written)))


def _from_base64(written: str) -> str:
    standard = written.rstrip("=").replace("-", "+").replace("_", "/")
    if standard.isalpha() and (standard.islower() or standard.isupper()):
        return ""  # a word
    try:
        return _readable(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
    except binascii.Error:
        return ""


def _readable(raw: bytes) -> str:
    for encoding in ("utf-8", "utf-16-le"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) >= _SHORTEST and sum(c.isprintable() for c in text) >= _PRINTABLE * len(text):
            return text
    return ""
