"""Days of birth as platforms write them, in one form; what is a placeholder rather than anybody's is none."""

from datetime import date
from typing import Final

_OLDEST: Final = 115  # years; who is said to be older was written down wrongly


def born(written: str, today: date) -> str:
    """`YYYYMMDD`; "" for what is no day somebody alive was born on.

    The first of January is left out: systems write it for whoever did not say, and it would make them all alike.
    """
    try:
        day = date.fromisoformat(written.strip()[:10])
    except ValueError:
        return ""
    if day > today or today.year - day.year > _OLDEST or (day.month, day.day) == (1, 1):
        return ""
    return f"{day:%Y%m%d}"
