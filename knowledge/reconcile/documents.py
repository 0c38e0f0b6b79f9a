"""What two systems hold about the same goods: counts, and the documents that changed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Cell = tuple[str, str]
"""A sku, and the location that counts it."""
System = Literal["ours", "theirs"]
Kind = Literal["sale", "transfer", "change", "stocktake"]
"""What changed a count: goods sold or given back, goods moved, something no document tells of, a stocktake."""


@dataclass(frozen=True, slots=True)
class Document:
    """One line of a document that changed a count.

    Attributes:
        system: Which one booked it.
        id: As that system names it; a line that is sent again may come under a new name.
        print: What a line is known by whatever its name: register, business time and position, as its source wrote it.
        sku: What it was booked on.
        location: Where.
        change: Units; a sale is negative.
        seen: When that system booked it.
    """

    system: System
    id: str
    print: str
    sku: str
    location: str
    change: int
    seen: datetime
    kind: Kind = "sale"

    @property
    def cell(self) -> Cell:
        """Whose count it changed."""
        return (self.sku, self.location)


@dataclass(frozen=True, slots=True)
class Sync:
    """One hourly look at both systems.

    Attributes:
        at: When.
        ours: Counts by cell.
        theirs: The other system's; a cell one of them lacks is not compared.
        documents: Of both, since the cells last agreed.
        on_the_way: Units by cell that one system books on dispatch and the other on receipt: theirs less ours.
        heard: When each location was last heard of; a silent one may still have sales to tell.
        cost: Of a unit by sku, minor units.
    """

    at: datetime
    ours: Mapping[Cell, int]
    theirs: Mapping[Cell, int]
    documents: Sequence[Document]
    on_the_way: Mapping[Cell, int]
    heard: Mapping[str, datetime]
    cost: Mapping[str, int]
