"""One line of the bench: a figure, its goal, and what it is compared with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement.

    Attributes:
        name: Stable, with the unit's idea in it, such as `webhook_ack_p99_ms`.
        goal: The goal in words, such as `< 50`; "" when the row is there to compare.
        baseline: The floor or rival measured in the same run; `None` when there is none.
        holds: Whether the goal is met; `None` when there is no goal.
    """

    name: str
    value: float
    unit: str
    goal: str
    baseline: float | None
    holds: bool | None
