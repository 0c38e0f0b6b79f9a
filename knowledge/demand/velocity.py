"""How fast a variant sells at a location, lately: a mean and a variance per day, weighted towards the present."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from knowledge.store.connection import Connection

DAYS = 28  # four whole weeks, so that every weekday counts the same number of times
HALF_LIFE = 14  # days after which a day's sales count half

Spot = tuple[str, str]
"""A sku, and the location that holds the stock it is sold from; sales of both channels count there."""

# Days without a sale have no row, so sums are divided by the weight of the whole window, not of the rows found. The
# lateral join keeps the planner to one index range per spot; a plain join over two arrays took a hundred times longer.
_SALES = text(
    """
    SELECT spot.sku, spot.location_id, sale.units, sale.squares
    FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS spot(sku, location_id)
    CROSS JOIN LATERAL (
        SELECT sum(weight * units) AS units, sum(weight * units * units) AS squares
        FROM daily_sale
        CROSS JOIN LATERAL (
            SELECT (CAST(:weights AS float8[]))[CAST(:today AS date) - CAST(day AS date) + 1] AS weight) AS age
        WHERE daily_sale.sku = spot.sku AND daily_sale.location_id = spot.location_id
          AND day BETWEEN :first AND :last AND units > 0) AS sale
    WHERE sale.units > 0
    """
)


@dataclass(frozen=True, slots=True)
class Velocity:
    """Units a day: mean and variance. The variance is never taken to be below a Poisson's, which is the mean."""

    mean: float
    variance: float


STILL = Velocity(0.0, 0.0)


async def velocities(connection: Connection, spots: Collection[Spot], today: date) -> Mapping[Spot, Velocity]:
    """The velocity of each spot that sold anything in the window that ends with `today`; the others stand still.

    Sales of both channels count where the stock was taken from.
    """
    ages = range(DAYS)
    weights = [0.5 ** (age / HALF_LIFE) for age in ages]
    ordered = sorted(spots)
    rows = await connection.execute(
        _SALES,
        {
            "skus": [sku for sku, _ in ordered],
            "locations": [location for _, location in ordered],
            "weights": weights,
            "today": today,
            "first": (today - timedelta(days=DAYS - 1)).isoformat(),
            "last": today.isoformat(),
        },
    )
    whole = sum(weights)
    found: dict[Spot, Velocity] = {}
    for row in rows:
        mean = float(row.units) / whole
        found[(row.sku, row.location_id)] = Velocity(mean, max(float(row.squares) / whole - mean * mean, mean))
    return found
