"""A form of ours, read: small, closed in size, one value for each field."""

from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from policies.errors import Refused
from server.body import FORM, read_body

_BODY: Final = 8_192  # bytes


async def read_form(request: Request) -> dict[str, str]:
    """The form's fields.

    Raises:
        Refused: It is too large, or not a form.
    """
    body = await read_body(request, _BODY, FORM)
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=10)
    except ValueError as error:
        raise Refused("The form is not readable.", code="body.malformed") from error
    return {name: values[0] for name, values in fields.items()}
