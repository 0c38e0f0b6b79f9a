"""What a JSON value in a request must be, or the request is refused."""

from typing import Any, cast

from evals.retailer.lightspeed.answers import Json, Problem


def an_object(value: Any, name: str, status: int = 422) -> Json:
    """The value as a JSON object.

    Raises:
        Problem: It is something else.
    """
    if not isinstance(value, dict):
        raise Problem(status, f"{name} must be an object.")
    return cast("Json", value)


def a_list(value: Any, name: str, *, least: int = 0, most: int = 10_000) -> list[Any]:
    """The value as a JSON list of a bounded length.

    Raises:
        Problem: It is something else, or too short or too long.
    """
    if not isinstance(value, list):
        raise Problem(422, f"{name} must be a list.")
    found = cast("list[Any]", value)
    if not least <= len(found) <= most:
        raise Problem(422, f"{name} must hold {least} to {most} entries.")
    return found


def a_text(given: Json, name: str, longest: int = 255) -> str:
    """A field as text; "" when it is null or left out.

    Raises:
        Problem: It is something else, or too long.
    """
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise Problem(422, f"{name} must be a text of at most {longest} characters.")
    return value
