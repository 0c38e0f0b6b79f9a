"""What is sent to the model, counted as it is sent: requests, bytes, and the names of the fields."""

import json
from collections.abc import Iterator
from typing import Any, cast

from knowledge.privacy.tally import MODEL, TALLY

_LONGEST = 40  # characters of a field's name


async def count_request(request: Any) -> None:
    """Count one HTTP request as the client hands it to its transport; a hook of the client's."""
    body: bytes = request.content
    TALLY.add(MODEL, "requests")
    TALLY.add(MODEL, "bytes", len(body))
    for name in _fields(body):
        TALLY.add(MODEL, f"field {name}")


def _fields(body: bytes) -> Iterator[str]:
    """The fields of what the messages say: by name where it is JSON, else only that it is text."""
    try:
        told: Any = json.loads(body)
        messages: list[dict[str, str]] = told["messages"]
    except (ValueError, KeyError, TypeError):
        return
    for message in messages:
        try:
            said: Any = json.loads(message["content"])
        except ValueError:
            yield f"text of {message['role']}"[:_LONGEST]
        else:
            yield from _names(said, "")


def _names(value: Any, above: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            yield from _names(each, f"{above}.{name}" if above else name)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _names(each, above)
    else:
        yield above[:_LONGEST]
