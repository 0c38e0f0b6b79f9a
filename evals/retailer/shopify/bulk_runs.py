"""What the shop keeps of its bulk operations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from graphql import GraphQLSchema

LOOKS: Final = 2  # how often an operation is looked at until it is done


@dataclass(slots=True)
class BulkOperation:
    """One run; it moves on each time somebody looks at it."""

    number: int
    lines: list[bytes]
    objects: int
    status: str = "CREATED"
    error: str | None = None
    done_at: datetime | None = None
    looks: int = LOOKS


@dataclass(slots=True)
class BulkRuns:
    """All of them.

    Attributes:
        schema: What they may ask.
        address: Where the shop listens, as its last caller named it; results are fetched there.
        fail_next: So many of the next ones fail halfway.
    """

    schema: GraphQLSchema = field(default_factory=GraphQLSchema)
    address: str = ""
    fail_next: int = 0
    all: dict[int, BulkOperation] = field(default_factory=dict[int, BulkOperation])
