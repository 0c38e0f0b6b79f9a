"""The playbooks as somebody of one role may search them: what is not for them is not there, in no score and no count.

Each role has an index of its own over the documents it may read, all built at the same time: a document that is
forbidden cannot shift a rank, a count or the time an answer takes.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge.catalog.finder import Asking, Meaning
from knowledge.catalog.ranking import Sureness, Weights, rank
from knowledge.playbooks.document import Document, Passage, read_document
from knowledge.words.matching import match
from knowledge.words.question import Reader
from knowledge.words.synonyms import shipped
from knowledge.words.terms import terms
from knowledge.words.text_index import Field, TextIndex
from policies.errors import Misconfigured, NotFound, TillhandError
from policies.vocabulary.actor import Role

SHIPPED: Final = Path(__file__).with_name("shipped")
_LOOK_EVERY: Final = 30.0  # seconds between looks at the folder
_LARGEST: Final = 1_048_576  # bytes of one file
_MOST: Final = 1_000  # files; a folder of more was not meant
_FIELDS: Final = (Field(2.0, names=True), Field(2.0, names=True), Field(1.0))  # document, section, text
# Passages are few and long, so words count as much as meaning. A passage fits when it holds about a third of the
# question, or means it; by hand, for no retailer's questions are known here.
_WEIGHTS: Final = Weights(
    text=0.4,
    held=0.4,
    meaning=1.0,
    sure=Sureness(offset=-6.0, score=8.0),
    least=0.25,
    words_text=0.3,
    words_held=0.7,
    words_named=0.0,
    words_sure=Sureness(offset=-3.0, score=12.0),
    words_least=0.2,
)
_SHARE: Final = 0.5  # of the best score
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage and where it stands: what an answer quotes names all of it."""

    document: str
    title: str
    version: str
    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Answers:
    """Passages that answer a question, best first; none when nothing fits."""

    passages: tuple[Cited, ...]
    sureness: float


class Shelf:
    """A folder of Markdown files, read again when a file changes; what cannot be read leaves the former state in use.

    Args:
        folder: The retailer's; the shipped ones when `None`.
        meaning: Vectors of passages; `None`: by words only.
        questions: As for `meaning`.
    """

    def __init__(
        self, folder: Path | None = None, meaning: Meaning | None = None, questions: Asking | None = None
    ) -> None:
        self._folder = folder or SHIPPED
        self._meaning = meaning
        self._questions = questions
        self._reading = asyncio.Lock()
        self._looked_at = float("-inf")
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._views: Mapping[Role, _View] = {}
        self._learning: asyncio.Task[None] | None = None

    async def find(self, role: Role, text: str, limit: int) -> Answers:
        """The passages that answer a question, for somebody of this role.

        Raises:
            Misconfigured: The folder cannot be read, and never could.
        """
        await self._look()
        vector = await self._questions.vector(text) if self._questions is not None else None
        return await asyncio.to_thread(self._views[role].find, text, vector, limit)

    async def documents(self, role: Role) -> Sequence[Document]:
        """What somebody of this role may read, by name.

        Raises:
            Misconfigured: As in `find`.
        """
        await self._look()
        return self._views[role].documents

    async def document(self, role: Role, name: str) -> Document:
        """One of them.

        Raises:
            NotFound: There is none of this name, or none for this role: both read the same.
            Misconfigured: As in `find`.
        """
        for each in await self.documents(role):
            if each.name == name:
                return each
        raise NotFound("There is no such playbook.", code="playbook.unknown", field="document")

    async def close(self) -> None:
        """Stop learning."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    async def _look(self) -> None:
        async with self._reading:
            if time.monotonic() - self._looked_at < _LOOK_EVERY:
                return
            try:
                seen, documents = await asyncio.to_thread(_read, self._folder, self._seen)
                if documents is not None:
                    self._views = await asyncio.to_thread(_views, documents, None)
                    self._seen = seen
                    self._learn_aside(documents)
            except TillhandError as error:
                if not self._views:
                    raise
                _log.warning("the playbooks stay as they were: %s", error.message)
            self._looked_at = time.monotonic()

    def _learn_aside(self, documents: Sequence[Document]) -> None:
        if self._meaning is None:
            return
        if self._learning is not None:
            self._learning.cancel()
        self._learning = asyncio.create_task(self._learn(self._meaning, documents), name="learn the playbooks")

    async def _learn(self, meaning: Meaning, documents: Sequence[Document]) -> None:
        texts = [
            (f"{each.name}:{passage.first}", f"{each.title}. {passage.section}. {passage.text}")
            for each in documents
            for passage in each.passages
        ]
        try:
            await meaning.remember(texts)
            vectors = await meaning.vectors(texts)
            if vectors is not None:
                self._views = await asyncio.to_thread(_views, documents, vectors)
        except Exception as error:  # noqa: BLE001  # passages are found by words then
            _log.warning("the playbooks are searched by words only: %s", type(error).__name__)


class _View:
    """What one role may read."""

    def __init__(self, documents: Sequence[Document], vectors: NDArray[np.float32] | None) -> None:
        self.documents: Final = documents
        self._passages = [(each, passage) for each in documents for passage in each.passages]
        texts = [(each.title, passage.section, passage.text) for each, passage in self._passages]
        self._index = TextIndex(_FIELDS, [tuple(map(terms, text)) for text in texts])
        self._reader = Reader(self._index, shipped())
        self._vectors = vectors

    def find(self, text: str, vector: NDArray[np.float32] | None, limit: int) -> Answers:
        """The passages that answer a question."""
        meaning = np.vecdot(self._vectors, vector) if self._vectors is not None and vector is not None else None
        ranked = rank(match(self._reader.read(text), self._index), meaning, _WEIGHTS)
        if not ranked.fits:
            return Answers((), ranked.sureness)
        order = np.argsort(-ranked.scores, kind="stable")[:limit]
        least = _SHARE * float(ranked.scores.max())
        return Answers(
            tuple(
                self._cited(int(place), float(ranked.scores[place])) for place in order if ranked.scores[place] >= least
            ),
            ranked.sureness,
        )

    def _cited(self, place: int, score: float) -> Cited:
        document, passage = self._passages[place]
        return Cited(document.name, document.title, document.version, passage, score)


def _views(documents: Sequence[Document], vectors: NDArray[np.float32] | None) -> Mapping[Role, _View]:
    views: dict[Role, _View] = {}
    for role in Role:
        kept = [each.readable_by(role) for each in documents for _ in each.passages]
        mine = None if vectors is None else vectors[np.array(kept, dtype=np.bool_)]
        views[role] = _View([each for each in documents if each.readable_by(role)], mine)
    return views


def _read(
    folder: Path, seen: tuple[tuple[str, int, int], ...] | None
) -> tuple[tuple[tuple[str, int, int], ...], Sequence[Document] | None]:
    """What lies in the folder, and its documents unless all of it was seen before."""
    try:
        files = sorted(file for file in folder.glob("*.md") if file.is_file())
        now = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        if now == seen:
            return now, None
        if len(files) > _MOST or any(size > _LARGEST for _, _, size in now):
            raise Misconfigured(
                f"The folder of playbooks holds more than {_MOST} files, or one over {_LARGEST} bytes.",
                code="playbooks.too_large",
                field="playbooks",
            )
        if not folder.is_dir():
            raise Misconfigured("The folder of playbooks is not there.", code="playbooks.missing", field="playbooks")
        return now, [read_document(file.stem, file.read_bytes()) for file in files]
    except OSError as error:
        raise Misconfigured(
            "The folder of playbooks cannot be read.", code="playbooks.missing", field="playbooks"
        ) from error
