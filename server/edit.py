"""What a person typed to have less of something, as an edit."""

from decimal import Decimal, InvalidOperation

from policies.actions.lower import Edit
from policies.errors import Refused
from policies.vocabulary.percent import Percent


def read_edit(percent: str, units: str) -> Edit:
    """An edit from what was typed; empty means unchanged. `percent` may have two decimals and a percent sign.

    Raises:
        Refused: It is no such number.
    """
    return Edit(
        percent=_percent(percent.strip().removesuffix("%").strip()) if percent.strip() else None,
        units=_units(units.strip()) if units.strip() else None,
    )


def _percent(typed: str) -> Percent:
    try:
        basis_points = Decimal(typed) * 100
        whole = int(basis_points)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise _wrong("percent") from error
    if whole != basis_points:
        raise _wrong("percent")
    return Percent(whole)


def _units(typed: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:  # noqa: PLR2004  # more than any shelf holds
        raise _wrong("units")
    return int(typed)


def _wrong(field: str) -> Refused:
    return Refused(f"That is no number of {field}.", code="edit.number", field=field)
