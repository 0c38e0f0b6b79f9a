"""What the figures were when somebody last said that they are well, and how far they may fall."""

import json
from pathlib import Path
from typing import Final

from evals.row import Row

FILE: Final = Path(__file__).with_name("kept.json")


def beside_kept(name: str, value: float, unit: str, slack: float, *, up: bool = True) -> Row:
    """A figure as a row whose goal is the kept one, less what it may lose.

    Args:
        name: Of the figure.
        value: As it is now.
        unit: Of both.
        slack: How much worse it may be, in the same unit.
        up: Whether more is better.

    A figure nobody kept does not hold: it is kept by `python -m evals.gate keep`.
    """
    kept = read()
    if name not in kept:
        return Row(name, round(value, 3), unit, "none is kept", 0.0, holds=False)
    limit = kept[name] - slack if up else kept[name] + slack
    holds = value >= limit if up else value <= limit
    return Row(name, round(value, 3), unit, f"{'>=' if up else '<='} {limit:g}", kept[name], holds)


def read() -> dict[str, float]:
    """All that is kept, by name."""
    found: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def keep(measured: Path) -> None:
    """Keep what was just measured; whoever commits it says why the figures are well."""
    rows = json.loads(measured.read_text(encoding="utf-8"))
    kept = {row["name"]: row["value"] for row in rows if row["baseline"] is not None}
    FILE.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
