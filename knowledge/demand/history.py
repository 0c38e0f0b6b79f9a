"""What was sold, day by day: a row for each variant at each location, a column for each day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Units = NDArray[np.float32]
Indices = NDArray[np.int32]
WEEK = 7


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """Days on which more is sold than usual, or less, known beforehand: a promotion, or a day the shops are closed.

    Attributes:
        sku: Of which variant; "" of all.
        place: At which location; "" everywhere.
        first: Its first day.
        last: Its last day.
        factor: Expected sales of these days over those of ordinary ones.
    """

    sku: str
    place: str
    first: date
    last: date
    factor: float


@dataclass(frozen=True, slots=True)
class History:
    """Sales of spots over consecutive days.

    Attributes:
        units: Units sold, `[spots, days]`; never negative.
        sku: Which of `skus` each spot is of, ascending; each sku has a spot.
        place: Which of `places` each spot is at.
        skus: Variants.
        places: Locations that hold stock.
        first: The first column's day.
        had: Where the goods could be had, `[spots, days]`; a day without is no day without demand. `None`: always.
        known_from: Per sku, the first column it was in the assortment.
        events: Past and coming.
    """

    units: Units
    sku: Indices
    place: Indices
    skus: Sequence[str]
    places: Sequence[str]
    first: date
    known_from: Indices
    had: NDArray[np.bool_] | None = None
    events: Sequence[KnownEvent] = field(default=())

    @property
    def days(self) -> int:
        """How many days there are."""
        return self.units.shape[1]

    @property
    def after(self) -> date:
        """The first day that is not history: where a forecast begins."""
        return self.first + timedelta(days=self.days)

    def weekdays(self, first: int, count: int) -> Indices:
        """Monday is 0; of `count` days from this column on, which may lie in the future."""
        start = (self.first + timedelta(days=first)).weekday()
        return ((start + np.arange(count)) % WEEK).astype(np.int32)

    def until(self, day: int) -> "History":
        """What was known when only this many days had passed. Events were known before."""
        return replace(
            self,
            units=self.units[:, :day],
            had=None if self.had is None else self.had[:, :day],
            known_from=self.known_from,
        )

    def of(self, chosen: NDArray[np.intp]) -> "History":
        """These skus only (indices into `skus`, ascending), with all their spots."""
        place_of = np.full(len(self.skus), -1, np.int32)
        place_of[chosen] = np.arange(len(chosen), dtype=np.int32)
        rows = np.flatnonzero(place_of[self.sku] >= 0)
        return replace(
            self,
            units=self.units[rows],
            had=None if self.had is None else self.had[rows],
            sku=place_of[self.sku[rows]],
            place=self.place[rows],
            skus=[self.skus[index] for index in chosen],
            known_from=self.known_from[chosen],
        )

    def by_sku(self, spots: NDArray[np.floating]) -> Units:
        """Sums over each sku's spots of an array with one row a spot."""
        starts = np.searchsorted(self.sku, np.arange(len(self.skus)))
        return np.add.reduceat(spots, starts, axis=0, dtype=np.float32)

    def spots(self) -> list[tuple[str, str]]:
        """The names of the rows."""
        return [(self.skus[int(sku)], self.places[int(place)]) for sku, place in zip(self.sku, self.place, strict=True)]


def history_of(
    sales: Iterable[tuple[str, str, date, int]],
    first: date,
    days: int,
    *,
    events: Sequence[KnownEvent] = (),
    had: Iterable[tuple[str, str, date]] = (),
) -> History:
    """A history from rows, for what a store holds in rows.

    Args:
        sales: Sku, location, day and units; days outside are left out.
        first: The first day.
        days: How many.
        events: Past and coming.
        had: Sku, location and day of stockouts: days on which none was to be had.
    """
    rows = [row for row in sales if 0 <= (row[2] - first).days < days and row[3] > 0]
    spots = sorted({(sku, place) for sku, place, _, _ in rows})
    row_of = {spot: row for row, spot in enumerate(spots)}
    skus, places = sorted({sku for sku, _ in spots}), sorted({place for _, place in spots})
    sku_at, place_at = ({name: at for at, name in enumerate(names)} for names in (skus, places))
    units = np.zeros((len(spots), days), np.float32)
    known_from = np.full(len(skus), days, np.int32)
    for sku, place, day, count in rows:
        at = (day - first).days
        units[row_of[sku, place], at] += count
        known_from[sku_at[sku]] = min(known_from[sku_at[sku]], at)
    mask = np.ones(units.shape, np.bool_)
    for sku, place, day in had:
        if (sku, place) in row_of and 0 <= (day - first).days < days:
            mask[row_of[sku, place], (day - first).days] = False
    return History(
        units,
        np.array([sku_at[sku] for sku, _ in spots], np.int32),
        np.array([place_at[place] for _, place in spots], np.int32),
        skus,
        places,
        first,
        known_from,
        None if mask.all() else mask,
        events,
    )
