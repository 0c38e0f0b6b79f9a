"""How fast a variant sells at a location, lately: a mean and a variance per day, weighted towards the present."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

DAYS = 28  # four whole weeks, so that every weekday counts the same number of times
HALF_LIFE = 14  # days after which a day's sales count half

Spot = tuple[str, str]  # (sku, location that holds the stock)

# Days without a sale have no row, so sums are divided by the weight of the whole window, not of the rows found.
_SALES = text(
    """
    SELECT sale.sku, sale.location_id,
           sum(age.weight * sale.units) AS units, sum(age.weight * sale.units * sale.units) AS squares
    FROM unnest(CAST(:skus AS text[]), CAST(:locations AS text[])) AS spot(sku, location_id)
    JOIN daily_sale AS sale ON sale.sku = spot.sku AND sale.location_id = spot.location_id
     AND sale.day = ANY(CAST(:days AS text[])) AND sale.units > 0
    JOIN unnest(CAST(:days AS text[]), CAST(:weights AS float8[])) AS age(day, weight) ON age.day = sale.day
    GROUP BY sale.sku, sale.location_id
    """
)


@dataclass(frozen=True, slots=True)
class Velocity:
    """Units a day: mean and variance. The variance is never taken to be below a Poisson's, which is the mean."""

    mean: float
    variance: float


STILL = Velocity(0.0, 0.0)


async def velocities(connection: AsyncConnection, spots: Collection[Spot], today: date) -> Mapping[Spot, Velocity]:
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
            "days": [(today - timedelta(days=age)).isoformat() for age in ages],
            "weights": weights,
        },
    )
    whole = sum(weights)
    found: dict[Spot, Velocity] = {}
    for row in rows:
        mean = float(row.units) / whole
        found[(row.sku, row.location_id)] = Velocity(mean, max(float(row.squares) / whole - mean * mean, mean))
    return found
