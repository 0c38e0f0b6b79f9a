"""Other readings of some bytes: unpacked, unescaped, and without letters that cannot be seen."""

import base64
import re
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Final

_DEEPEST: Final = 3  # packed in packed in packed
_LARGEST: Final = 64 * 1024 * 1024  # bytes that one packed stretch may become
_SHORTEST: Final = 16  # bytes; what chance unpacks is shorter
_STARTS: Final = 2_000  # packed stretches looked for in one piece
_PACKED: Final = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|\x78[\x01\x5e\x9c\xda]")
_UNSEEN: Final = re.compile(  # in UTF-8: soft hyphens, joiners, zero widths, directions, selectors
    rb"\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\xa0[\x8b-\x8e]|\xe2\x80[\x8b-\x8f\xaa-\xae]"
    rb"|\xe2\x81[\xa0-\xaf]|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf"
)
_FULL_WIDTH: Final = re.compile(rb"\xef\xbc[\x81-\xbf]|\xef\xbd[\x80-\x9e]")
_WIDTH: Final = 0xFEE0
_ESCAPED: Final = re.compile(rb"\\{1,4}u([0-9a-fA-F]{4})")
_PERCENT: Final = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_ENTITY: Final = re.compile(rb"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_GZIP: Final = 31  # zlib's number for it
_ZLIB: Final = 15
_LAST: Final = 0x10FFFF


def readings(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes themselves, then what they may mean to whoever opens them."""
    yield data
    plain = _unescaped(data)
    if plain != data:
        yield plain
    seen = _seen(plain)
    if seen != plain:
        yield seen
    if depth < _DEEPEST:
        for packed in _unpacked(data):
            yield from readings(packed, depth + 1)


def _unescaped(data: bytes) -> bytes:
    """As JSON, HTML and addresses mean it."""
    if b"\\u" in data:
        data = _ESCAPED.sub(lambda match: _letter(int(match[1], 16)), data)
    if b"&#" in data:
        data = _ENTITY.sub(lambda match: _letter(int(match[1], 16) if match[1] else int(match[2])), data)
    if b"%" in data:
        data = _PERCENT.sub(lambda match: bytes.fromhex(match[0].replace(b"%", b"").decode()), data)
    return data


def _letter(number: int) -> bytes:
    return chr(min(number, _LAST)).encode("utf-8", "replace")


def _seen(data: bytes) -> bytes:
    """As a reader sees it: unseen letters left out and, where it is text, compatibility forms folded."""
    if data.isascii():
        return data
    seen = _FULL_WIDTH.sub(_narrow, _UNSEEN.sub(b"", data))
    try:
        return unicodedata.normalize("NFKC", seen.decode()).encode()
    except UnicodeDecodeError:
        return seen


def _narrow(match: re.Match[bytes]) -> bytes:
    """A full-width letter as the one everybody types, also amid bytes that are no text."""
    return bytes([ord(match[0].decode()) - _WIDTH])


def _unpacked(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    for number, match in enumerate(_PACKED.finditer(data)):
        if number == _STARTS:
            break
        kind = _GZIP if data[match.start()] == 0x1F else _ZLIB  # noqa: PLR2004  # gzip's first byte
        found = _inflated(view[match.start() :], kind)
        if len(found) >= _SHORTEST:
            yield found
    for match in _BASE64.finditer(data):
        run = match.group()
        if run.islower() or run.isupper() or not run.isascii():
            continue  # hexadecimal, digits, constants
        decoded = base64.b64decode(run.translate(_STANDARD)[: len(run) // 4 * 4])
        if _PACKED.match(decoded) or decoded.isascii():
            yield decoded


def _inflated(view: "memoryview[int]", kind: int) -> bytes:
    """What is there up to where it stops making sense."""
    unpacking = zlib.decompressobj(kind)
    found = bytearray()
    try:
        for start in range(0, len(view), 65_536):
            found += unpacking.decompress(view[start : start + 65_536], _LARGEST)
            if unpacking.eof or len(found) >= _LARGEST:
                break
    except zlib.error:
        pass
    return bytes(found)
