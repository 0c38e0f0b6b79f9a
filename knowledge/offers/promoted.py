"""The promotional calendar in memory, read again when it grew or the day changed: tills never wait for it."""

import time
from datetime import date, datetime, timedelta
from typing import Final

from knowledge.offers.calendar import Calendar, PlaceCalendar, Promotion
from knowledge.store.places import Place
from knowledge.store.quick import QuickReads

AHEAD_DAYS: Final = 1  # what is reduced for everybody tomorrow is not discounted today
_ANYWHERE: Final = timedelta(days=1)  # places' clocks differ from ours by less
# promotions are added and never changed, so their number says whether there are others
_MANY: Final = "SELECT count(*) AS many FROM promotion WHERE last_day >= $1"
_ALL: Final = """
    SELECT sku, category, location_id, channel, first_day, last_day, percent, price, currency
    FROM promotion WHERE last_day >= $1 AND first_day <= $2
"""


class PromotionTable:
    """The promotions of these days.

    Args:
        ahead_days: As for `PlaceCalendar`.
        check_every: Seconds between two looks at whether there are others.

    Attributes:
        now: The calendar; an empty one until somebody looked.
    """

    def __init__(self, *, ahead_days: int = AHEAD_DAYS, check_every: float = 60.0) -> None:
        self.now = Calendar()
        self._ahead_days = ahead_days
        self._check_every = check_every
        self._checked = float("-inf")
        self._known: tuple[date, int] | None = None

    async def keep_fresh(self, quick: QuickReads, now: datetime) -> None:
        """Read it again when a look is due and something changed; what is known stays in use meanwhile.

        Raises:
            Unavailable: The database does not answer.
        """
        moment = time.monotonic()
        if moment - self._checked < self._check_every:
            return
        self._checked = moment
        first, last = (now - _ANYWHERE).date(), (now + _ANYWHERE).date() + timedelta(days=self._ahead_days)
        try:
            many = int((await quick.rows(_MANY, first.isoformat()))[0]["many"])
            if self._known == (first, many):
                return
            rows = await quick.rows(_ALL, first.isoformat(), last.isoformat())
        except BaseException:
            self._checked = float("-inf")  # whoever asks next looks again
            raise
        self.now, self._known = Calendar(map(Promotion.read, rows)), (first, many)

    def at(self, place: Place, now: datetime) -> PlaceCalendar:
        """What is reduced at a place."""
        return self.now.at(place, now, ahead_days=self._ahead_days)
