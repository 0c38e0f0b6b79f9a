"""Texts nobody here wrote, their personal data marked: by template, half to develop with and half to report on."""

import asyncio
import importlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowledge.privacy.spans import Span
from policies.errors import Misconfigured

TEXTS: Final = Path(__file__).parents[3] / "shared" / "data" / "personal_data_texts" / "texts.parquet"
# What must be hidden whole. Places alone, companies, titles, ages and dates are marked too; hiding them is no mistake.
PERSONAL: Final = frozenset(
    {
        "PERSON",
        "STREET_ADDRESS",
        "ZIP_CODE",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "US_SSN",
        "IP_ADDRESS",
        "US_DRIVER_LICENSE",
    }
)
Find = Callable[[str], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and its spans as somebody else marked them."""

    text: str
    spans: tuple[Span, ...]


@dataclass(slots=True)
class Score:
    """What a finder did to marked texts.

    Attributes:
        whole: Personal spans of which every letter and digit was hidden.
        touching: Hidden stretches that touch any marked span.
    """

    personal: int = 0
    whole: int = 0
    hidden: int = 0
    touching: int = 0

    @property
    def recall(self) -> float:
        """The share of personal spans hidden whole."""
        return self.whole / max(1, self.personal)

    @property
    def precision(self) -> float:
        """The share of hidden stretches that touch a marked span."""
        return self.touching / max(1, self.hidden)


async def read(*, develop: bool) -> list[Marked]:
    """One half: templates with even numbers to develop with, odd ones to report on.

    Raises:
        Misconfigured: The texts are not beside the repository.
    """
    if not await asyncio.to_thread(TEXTS.exists):
        raise Misconfigured("The marked texts are not here.", code="evals.texts", hint=f"They belong at {TEXTS.name}.")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    table: list[dict[str, Any]] = (await asyncio.to_thread(parquet.read_table, TEXTS)).to_pylist()
    return [
        Marked(
            row["full_text"],
            tuple(
                Span(span["entity_type"], span["start_position"], span["end_position"])
                for span in json.loads(row["spans"])
            ),
        )
        for row in table
        if (int(row["template_id"]) % 2 == 0) is develop
    ]


def score(texts: Iterable[Marked], find: Find, kinds: frozenset[str] = PERSONAL) -> Score:
    """Hide every text's findings and count."""
    counted = Score()
    for marked in texts:
        found = find(marked.text)
        counted.hidden += len(found)
        counted.touching += sum(
            any(span.start < hidden.end and hidden.start < span.end for span in marked.spans) for hidden in found
        )
        for span in marked.spans:
            if span.kind in kinds:
                counted.personal += 1
                counted.whole += is_hidden(marked.text, span, found)
    return counted


def is_hidden(text: str, span: Span, found: Sequence[Span]) -> bool:
    """Whether no letter or digit of the span is left to read."""
    return all(
        not text[place].isalnum() or any(hidden.start <= place < hidden.end for hidden in found)
        for place in range(span.start, span.end)
    )
