"""What agents and assistants look things up in: the catalog, the playbooks, and groups of customers."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from knowledge.anonymity.finder import CohortFinder
from knowledge.anonymity.office import CohortOffice
from knowledge.anonymity.release import Rules
from knowledge.catalog.finder import CatalogFinder, scrubbed
from knowledge.memory.cohorts import CohortMemory
from knowledge.memory.embed import Embedder
from knowledge.memory.meanings import Meanings
from knowledge.memory.questions import Questions
from knowledge.playbooks.shelf import Shelf
from knowledge.store.places import Places
from knowledge.store.session import Database
from server.secret import Secret
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Knowing:
    """The finders, and who releases the groups."""

    catalog: CatalogFinder
    shelf: Shelf
    cohorts: CohortFinder
    office: CohortOffice


def knowing_of(  # noqa: PLR0913, PLR0917
    settings: Settings,
    database: Database,
    places: Places,
    secret: Secret,
    stack: AsyncExitStack,
    now: Callable[[], datetime],
) -> Knowing:
    """Over one embedding model, which is loaded when it is first needed."""
    folder, embedder = settings.home / "memory", Embedder()
    questions = Questions(embedder)
    stack.push_async_callback(questions.close)
    catalog = CatalogFinder(database, Meanings(folder, embedder, "product", scrubbed), questions)
    stack.push_async_callback(catalog.close)
    shelf = Shelf(settings.playbooks, Meanings(folder, embedder, "playbook", scrubbed), questions)
    stack.push_async_callback(shelf.close)
    memory = CohortMemory(settings.home / "cohorts", embedder)
    rules = Rules(settings.cohort_least, secret.derive("cohorts"), settings.currency)
    office = CohortOffice(database, places, memory, rules, every_days=settings.cohort_days, now=now)
    return Knowing(catalog, shelf, CohortFinder(database, memory, settings.cohort_least), office)
