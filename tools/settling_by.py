"""What a person says of counts that disagree, as the adjustment it comes to: as proposed, as it is, or as counted."""

from dataclasses import dataclass
from typing import Any

from policies.errors import Refused

WAYS = ("fix", "leave", "counted")


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a discrepancy, all of it as text.

    Attributes:
        way: One of `WAYS`.
        counted: The units they counted; "" where they counted none.
        seen: The platform's count they had before them.
        fix_units: What the proposed fix adds to it; "" where the shelf has to be counted first.
    """

    way: str
    counted: str
    seen: str
    fix_units: str


def adjustment_for(said: Said, sku: str, place: str, name: str) -> dict[str, Any]:
    """The arguments of propose_stock_adjustment for a discrepancy of this name, but for its key and its reason.

    Raises:
        Refused: They said nothing of it, or no number.
    """
    if said.way not in WAYS:
        raise Refused("Say fix, leave or counted.", code="discrepancy.way", field="how")
    if said.way == "fix" and not said.fix_units:
        raise Refused(
            "The fix of this is to count the shelf first: say what was counted, or leave the count.",
            code="discrepancy.count_first",
            field="how",
        )
    count = _number(said.seen, "seen")
    delta = 0
    if said.way == "fix":
        delta = _number(said.fix_units, "fix_units")
    elif said.way == "counted":
        units = _number(said.counted, "counted")
        if units < 0:
            raise Refused("Nobody counts less than nothing on a shelf.", code="discrepancy.counted", field="counted")
        delta = units - count
    return {"location_id": place, "sku": sku, "delta": delta, "expected": count, "settles": name}


def _number(typed: str, field: str) -> int:
    digits = typed.strip()
    if not digits.isascii() or not digits.removeprefix("-").isdigit() or len(digits) > 8:  # noqa: PLR2004  # a shelf's
        raise Refused("That is no number of units.", code="discrepancy.counted", field=field)
    return int(digits)
