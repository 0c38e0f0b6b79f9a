"""A measurement that was better once."""

from evals.gate.kept import beside_kept
from evals.row import Row


async def measure() -> list[Row]:
    """One figure."""
    return [beside_kept("earned", 500, "per mille", 40)]
