"""One value in all the ways it may be written by whatever handled it, as bytes to look for.

Everything is in lower case, and so is what is looked through: a needle is found in any case. A hash without a key is a
disguise, too: whoever has a list of phone numbers has undone it in seconds.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

SHORTEST: Final = 6  # bytes; less than that stands everywhere
_TELLING: Final = 9  # digits; fewer stand in some moment's microseconds
_BY_PHONE: Final = 10  # digits of a number without its country
_PADDED: Final = {0: (0, 0), 1: (2, 3), 2: (4, 2)}  # base64 characters that depend on what stands before and after


@dataclass(frozen=True, slots=True)
class Raw:
    """A value nobody may find.

    Attributes:
        whose: A name for the person that says nothing about them, such as `canary-3`.
        field: name, email, phone, address, loyalty.
    """

    whose: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Needle:
    """What to look for, and what it means to find it."""

    whose: str
    field: str
    form: str
    pattern: bytes


def needles(values: Iterable[Raw]) -> list[Needle]:
    """Every form of every value; of equal patterns the first."""
    found: dict[bytes, Needle] = {}
    for raw in values:
        for form, pattern in _forms(raw):
            low = pattern.lower()
            if len(low) >= SHORTEST:
                found.setdefault(low, Needle(raw.whose, raw.field, form, low))
    return list(found.values())


def _forms(raw: Raw) -> Iterator[tuple[str, bytes]]:
    digits, words = re.sub(r"\D", "", raw.value), re.sub(r"[^\w]|_", "", raw.value)
    for text in dict.fromkeys((raw.value, raw.value.casefold(), raw.value.upper())):
        yield from _written(text)
    yield "reversed", raw.value[::-1].encode()
    yield "compact", words.encode()
    hashed = {raw.value, raw.value.casefold(), words, words.casefold()}
    if len(digits) >= _TELLING:
        national = digits[-_BY_PHONE:]
        yield "digits", digits.encode()
        yield "last ten digits", national.encode()
        yield "reversed digits", digits[::-1].encode()
        hashed |= {digits, national, f"+{digits}"}
        for text in (digits, national):
            yield from _base64(text)
    for text in sorted(hashed):
        for name in ("md5", "sha1", "sha256", "sha512"):
            digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
            yield f"{name}", digest.hex().encode()
            yield f"{name} bytes", digest
            yield f"{name} base64", base64.b64encode(digest).rstrip(b"=")
            yield f"{name} base64", base64.urlsafe_b64encode(digest).rstrip(b"=")


def _written(text: str) -> Iterator[tuple[str, bytes]]:
    data = text.encode()
    yield "raw", data
    yield "utf-16", text.encode("utf-16-le")
    yield "utf-16", text.encode("utf-16-be")
    yield "latin-1", text.encode("latin-1", "ignore")
    yield "url", quote(text, safe="").encode()
    yield "url", quote(text).encode()
    yield "url", quote_plus(text).encode()
    yield "url", "".join(f"%{byte:02x}" for byte in data).encode()
    yield "html", html.escape(text).encode()
    yield "html", "".join(f"&#{ord(letter)};" for letter in text).encode()
    yield "html", "".join(f"&#x{ord(letter):x};" for letter in text).encode()
    yield "json", "".join(f"\\u{ord(letter):04x}" for letter in text).encode()
    yield "json", text.encode("ascii", "backslashreplace")
    yield "hex", data.hex().encode()
    yield "hex", data.hex(" ").encode()
    yield "hex", "".join(f"\\x{byte:02x}" for byte in data).encode()
    yield "quoted-printable", "".join(f"={byte:02X}" for byte in data).encode()
    yield "quoted-printable", data.replace(b"=", b"=3D").replace(b"@", b"=40")
    yield "base32", base64.b32encode(data)[: len(data) * 8 // 5]
    yield from _base64(text)


def _base64(text: str) -> Iterator[tuple[str, bytes]]:
    """At each of the three places a value may begin in a longer text, without the letters its neighbors share."""
    data = text.encode()
    for before, (skip, _) in _PADDED.items():
        whole = b"\0" * before + data
        kept = len(whole) // 3 * 4
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield "base64", encode(whole)[skip:kept]
