"""Lists in pages: where one ended, as a text only we read."""

import base64
import binascii

from policies.errors import Refused

_DEEPEST = 1000  # entries. Deeper than this nobody reads; a narrower question serves better.


def page_start(cursor: str) -> int:
    """How many entries the pages before held; 0 for the first page.

    Raises:
        Refused: The cursor is not one of ours.
    """
    if not cursor:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _not_ours() from error
    if not 0 < start <= _DEEPEST or next_page(start) != cursor:
        raise _not_ours()
    return start


def next_page(start: int) -> str:
    """The cursor of the page that begins after `start` entries; "" where nobody may read on."""
    if start > _DEEPEST:
        return ""
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _not_ours() -> Refused:
    return Refused(
        "This cursor is not one this tool gave out.",
        code="cursor.unknown",
        hint="Leave the cursor out to start from the first page.",
        field="cursor",
    )
