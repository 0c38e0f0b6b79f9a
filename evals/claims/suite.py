"""The claims checker on answers with and without evidence, and on backed sentences made false one way at a time."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, Final

from evals.claims.seeded import seeded
from evals.row import Row
from knowledge.playbooks.document import Document
from knowledge.playbooks.shelf import Shelf
from policies.vocabulary.actor import Role
from tools.claims.check import unbacked
from tools.claims.evidence import Evidence, sentences

_ANSWERS: Final = Path(__file__).with_name("answers.toml")
_OTHERS: Final = ("Alpine tent", "Slim Jeans", "Stoneware mug")


async def measure() -> list[Row]:
    """Shares caught, and false alarms on sentences of the playbooks and on free wordings of them."""
    documents = {each.name: each for each in await Shelf().documents(Role.MANAGER)}
    told: list[dict[str, Any]] = tomllib.loads(_ANSWERS.read_text(encoding="utf-8"))["answer"]
    backed = [(documents[each["document"]], text) for each in told for text in each["backed"]]
    false = [(documents[each["document"]], text) for each in told for text in each["unbacked"]]
    verbatim = [
        (document, text)
        for document in documents.values()
        for passage in document.passages
        for text in sentences(" ".join(passage.text.split()))
    ]
    made: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for document, text in (*backed, *verbatim):
        for form, changed in seeded(text):
            made[form] += 1
            caught[form] += _objects(document, changed)
    return [
        _row("claims_unbacked_caught", sum(_objects(*each) for each in false) / len(false)),
        _row("claims_seeded_caught", caught.total() / made.total()),
        _row("claims_false_alarms_verbatim", sum(_objects(*each) for each in verbatim) / len(verbatim)),
        _row("claims_false_alarms_reworded", sum(_objects(*each) for each in backed) / len(backed)),
        *(_row(f"claims_seeded_{form}_caught", caught[form] / made[form]) for form in sorted(made)),
    ]


def _objects(document: Document, text: str) -> bool:
    return bool(unbacked(text, evidence_of(document)))


def evidence_of(document: Document) -> Evidence:
    """All that a document says, and names of goods it does not speak of."""
    return Evidence(
        tuple(f"{each.section}. {' '.join(each.text.split())}" for each in document.passages), others=_OTHERS
    )


def _row(name: str, value: float) -> Row:
    return Row(name, round(value, 3), "", "", None, None)
