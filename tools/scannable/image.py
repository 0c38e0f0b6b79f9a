"""A scannable offer as a picture, for print and for screens."""

import io
from typing import Final

import segno

_ERROR: Final = "m"  # 15 % of it may be unreadable: paper gets creased, and more would make the dots smaller
_DOT: Final = 8  # pixels
_MARGIN: Final = 4  # dots; ISO/IEC 18004 asks for as many around it


def as_png(text: str) -> bytes:
    """Black on white, eight pixels a dot."""
    return _made(text, "png", scale=_DOT)


def as_svg(text: str) -> bytes:
    """The same, for any size; it holds paths and nothing that runs."""
    return _made(text, "svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True, light="#fff")


def _made(text: str, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    segno.make_qr(text, error=_ERROR, boost_error=False).save(out, kind=kind, border=_MARGIN, dark="#000", **more)
    return out.getvalue()
