"""What one operation is asked and what it answers: the shapes every endpoint shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

PAGE = 50
MAX_PAGE = 1000
MAX_VERSION = 2**63 - 1

Json = dict[str, Any]


class Problem(Exception):
    """The request is refused, with an HTTP status and the sentence X-Series answers."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to an operation.

    Attributes:
        path: The path's parameters by name.
        query: Every value of each query parameter.
        body: The JSON body, numbers with a point as `Decimal`; None when there was none.
    """

    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, Sequence[str]] = field(default_factory=dict[str, list[str]])
    body: Any = None

    def first(self, name: str) -> str:
        """The first value of a query parameter; "" when it is not given."""
        return next(iter(self.query.get(name, ())), "")

    def whole(self, name: str, default: int) -> int:
        """A query parameter as a whole number.

        Raises:
            Problem: It is not one, or below zero.
        """
        text = self.first(name)
        if not text:
            return default
        if not text.isdecimal() or int(text) > MAX_VERSION:
            raise Problem(400, f"{name} must be a whole number.")
        return int(text)

    def page_size(self) -> int:
        """How many things to list: 50 unless asked, never more than 1000."""
        return max(1, min(self.whole("page_size", PAGE), MAX_PAGE))

    def object(self) -> Json:
        """The body as a JSON object.

        Raises:
            Problem: It is something else.
        """
        if not isinstance(self.body, dict):
            raise Problem(400, "The body must be a JSON object.")
        return cast("Json", self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; a body of None is an empty one."""

    status: int
    body: Any = None


def ok(data: Any) -> Answer:
    """200 with `{"data": ...}`."""
    return Answer(200, {"data": data})


def created(data: Any) -> Answer:
    """201 with `{"data": ...}`."""
    return Answer(201, {"data": data})


def listed(rows: Sequence[Json], versions: Sequence[int], *, empty: int | None = None) -> Answer:
    """200 with the rows and the span of their versions; an empty page spans `empty`."""
    low, high = (min(versions), max(versions)) if versions else (empty, empty)
    return Answer(200, {"data": list(rows), "version": {"min": low, "max": high}})
