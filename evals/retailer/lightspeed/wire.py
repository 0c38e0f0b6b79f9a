"""How X-Series writes ids, money, quantities and times, so that every answer spells them alike."""

import uuid
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_NAMESPACE = uuid.UUID("3a5b0f0c-4d9e-5c35-9d5e-0d2f8f1b7a11")


def derived_id(kind: str, *parts: object) -> str:
    """The uuid of something the world has no id for, the same at every call."""
    return str(uuid.uuid5(_NAMESPACE, "/".join([kind, *(str(part) for part in parts)])))


def is_uuid(text: object) -> bool:
    """Whether this is a uuid in its usual 36 characters."""
    if not isinstance(text, str) or len(text) != 36:  # noqa: PLR2004 - the length RFC 9562 gives the text form
        return False
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def amount(cents: int) -> float:
    """Cents as the JSON number X-Series writes.

    A float only here, on its way out: the division is correctly rounded, so its shortest text shows the exact cents.
    """
    return cents / 100


def amount_text(cents: int, places: int = 5) -> str:
    """Cents as the decimal strings of API 1.0 and of rule requests ("29.99000")."""
    return f"{Decimal(cents).scaleb(-2):.{places}f}"


def count_text(units: int) -> str:
    """Units as the decimal string X-Series keeps quantities in ("10.00000")."""
    return f"{Decimal(units):.5f}"


def decimal_of(value: object) -> Decimal | None:
    """The finite decimal in a JSON number or a numeric string, else None."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def cents_of(value: object) -> int | None:
    """Whole cents of a JSON number or numeric string, half a cent rounded up; None when it is no number."""
    found = decimal_of(value)
    return None if found is None else int((found * 100).quantize(Decimal(1), ROUND_HALF_UP))


def units_of(value: object) -> int | None:
    """Whole units; None when it is no number, or a fraction of a unit."""
    found = decimal_of(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def timestamp(moment: datetime) -> str:
    """UTC to the second with its offset, as the JSON API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def timestamp_1(moment: datetime) -> str:
    """UTC to the second without a zone, as API 1.0 and so the webhooks write it ("2026-11-23 14:05:00")."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment_of(value: object) -> datetime | None:
    """An ISO 8601 moment; one without a zone is UTC, as in the API's own examples. None when it is no moment."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
