"""Text that others wrote: product titles, notes, what an assistant gave as its reason. Data, never instruction.

The one boundary it crosses on its way to a caller: what cannot be seen is replaced, what has no end is cut, and the
answer says which of its parts it is, so that a client can keep it apart from what we say ourselves.
"""

from functools import lru_cache
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from tools.unseen import without_unseen

LONGEST: Final = (
    300  # characters. A title is shorter; an essay in its place is meant for somebody else than the reader.
)


class Outside:
    """Marks a part of an answer that others wrote, whole or in pieces."""


def _bounded(text: object) -> object:
    if not isinstance(text, str):
        return text
    seen = without_unseen(text)
    return seen if len(seen) <= LONGEST else seen[: LONGEST - 1] + "…"


OutsideText = Annotated[str, BeforeValidator(_bounded), Outside()]
"""A text in an answer that others wrote."""


@lru_cache(maxsize=256)
def outside_parts(answer: type[BaseModel]) -> tuple[str, ...]:
    """Where an answer of this type holds what others wrote, such as `products[].title`."""
    return tuple(_parts(answer))


def _parts(model: type[BaseModel]) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        if any(isinstance(each, Outside) for each in field.metadata) or _marked(field.annotation):
            found.append(name)
            continue
        inner, many = _inner(field.annotation)
        if inner is not None:
            found += [f"{name}{'[]' if many else ''}.{part}" for part in _parts(inner)]
    return found


def _marked(annotation: Any) -> bool:
    """Whether what a list or an optional holds is marked."""
    return any(isinstance(each, Outside) or _marked(each) for each in get_args(annotation))


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model a field holds, and whether it holds many."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    several = get_origin(annotation) in {tuple, list}
    for each in get_args(annotation):
        inner, many = _inner(each)
        if inner is not None:
            return inner, several or many
    return None, False
