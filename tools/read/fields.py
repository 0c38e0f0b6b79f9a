"""The kinds of text a tool accepts: bounded, visible, and in arguments meant for people free of personal data."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from tools.unseen import has_unseen

_CONTACT = re.compile(r"\S@\S|(?:\d[ ().-]?){7,}")  # an e-mail address, or digits enough for a phone or card number


def visible(text: str) -> str:
    """Refuse characters a reader cannot see: they hide what a text says, or turn it around."""
    if has_unseen(text):
        raise ValueError("contains characters that cannot be seen")
    return text


def without_contact(text: str) -> str:
    """Refuse what looks like an e-mail address or a phone or card number: reasons are kept for years."""
    if _CONTACT.search(text):
        raise ValueError("leave e-mail addresses, phone and card numbers out")
    return text


Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
OptionalIdentifier = Annotated[str, Field(max_length=128, pattern=r"^[!-~]*$")]
SkuText = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[ -~]+$")]
Contact = Annotated[str, Field(max_length=254), AfterValidator(visible)]  # 254: the longest e-mail address, RFC 5321
SearchText = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(visible)]
Reason = Annotated[str, Field(min_length=3, max_length=300), AfterValidator(visible), AfterValidator(without_contact)]
Message = Annotated[str, Field(max_length=300), AfterValidator(visible), AfterValidator(without_contact)]
IdempotencyKey = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
PlanId = Annotated[str, Field(max_length=128, pattern=r"^[A-Za-z0-9_-]*$")]
Cursor = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")]
