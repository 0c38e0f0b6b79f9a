"""Product descriptions without their markup, and not endless."""

import html
import re

_TAG = re.compile(r"<[^>]*>")
LONGEST = 4_000  # characters kept


def plain(text: str) -> str:
    """The words of an HTML text."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())[:LONGEST]
