"""Whoever plans or reads a measurement comes through here: access first, then the figures."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from knowledge.measure.off_policy import Worth
from knowledge.store.long_read import settle_in
from knowledge.store.session import Database, utc_now
from policies.engine import Engine
from policies.errors import Refused
from policies.vocabulary.actor import Actor
from tools.access import authorize
from tools.measure.lift import Metric, measured
from tools.measure.plan import Plan, draft, register, registered
from tools.measure.policy import Other, told
from tools.measure.treatment import SellThrough, fairness, sell_through

_MOST_WEEKS: Final = 104
DAYS: Final = 90  # of draws that are looked at unless told otherwise


@dataclass(frozen=True, slots=True)
class MeasureOffice:
    """The chain's measurements of offers.

    Attributes:
        share_bp: Of customers held out, as the operator set it.
    """

    database: Database
    engine: Engine
    share_bp: int
    now: Callable[[], datetime] = utc_now

    async def plan(self, actor: Actor, campaign: str, weeks: int) -> Plan:
        """What a measurement of so many weeks could see; nothing is kept.

        Raises:
            Refused: The actor may not, or there is nothing to plan on.
        """
        authorize(self.engine, actor, "measure_offers", None)
        _check(weeks)
        async with self.database.transaction() as connection:
            await settle_in(connection)
            return await draft(connection, campaign, weeks=weeks, share_bp=self.share_bp, now=self.now())

    async def start(self, actor: Actor, campaign: str, weeks: int) -> tuple[Plan, str]:
        """Fix a measurement from now on; its plan and digest.

        Raises:
            Refused: As for `plan`, or the campaign is being measured already.
        """
        authorize(self.engine, actor, "plan_measurement", None)
        _check(weeks)
        async with self.database.transaction() as connection:
            await settle_in(connection)
            plan = await draft(connection, campaign, weeks=weeks, share_bp=self.share_bp, now=self.now())
            return plan, await register(connection, plan, actor)

    async def lift(self, actor: Actor, campaign: str, metric: Metric) -> tuple[Plan, dict[str, Any]]:
        """What offers changed so far, and the plan it is measured by. Looking often costs nothing.

        Raises:
            NotFound: The campaign is not being measured.
            Refused: The actor may not, or too few customers are through.
        """
        authorize(self.engine, actor, "measure_offers", None)
        async with self.database.transaction() as connection:
            await settle_in(connection)
            plan = await registered(connection, campaign)
            return plan, (await measured(connection, plan, metric, now=self.now())).facts()

    async def policy(self, actor: Actor, other: Other, campaign: str, days: int = DAYS) -> dict[str, Any]:
        """What another way of making offers would have earned, from the draws of the last days.

        Raises:
            Refused: The actor may not, or the log holds too little of it.
        """
        authorize(self.engine, actor, "measure_offers", None)
        async with self.database.transaction() as connection:
            await settle_in(connection)
            found, occasions = await told(connection, other, campaign=campaign, **self._span(days))
            return _worth_facts(found, other, occasions)

    async def fairness(self, actor: Actor, campaign: str, days: int = DAYS) -> dict[str, Any]:
        """Kinds of buyer and places beside each other.

        Raises:
            Refused: The actor may not.
        """
        authorize(self.engine, actor, "measure_offers", None)
        async with self.database.transaction() as connection:
            await settle_in(connection)
            return await fairness(connection, campaign=campaign, **self._span(days))

    async def sell_through(self, actor: Actor, campaign: str, days: int = DAYS) -> tuple[SellThrough, ...]:
        """The variants that were offered most.

        Raises:
            Refused: The actor may not.
        """
        authorize(self.engine, actor, "measure_offers", None)
        async with self.database.transaction() as connection:
            await settle_in(connection)
            return await sell_through(connection, campaign=campaign, **self._span(days))

    def _span(self, days: int) -> dict[str, datetime]:
        now = self.now()
        return {"since": now - timedelta(days=days), "until": now}


def _check(weeks: int) -> None:
    if not 1 <= weeks <= _MOST_WEEKS:
        raise Refused(
            f"A measurement takes 1 to {_MOST_WEEKS} weeks.",
            code="measure.weeks",
            hint="Eight is usual.",
            field="weeks",
        )


def _worth_facts(found: Worth, other: Other, occasions: int) -> dict[str, Any]:
    return {
        "policy": other,
        "beside": "always" if other == "silence" else "silence",
        "occasions": occasions,
        "value": round(found.value),
        "low": int(np.floor(found.low)),
        "high": int(np.ceil(found.high)),
        "without_a_model": round(found.snips),
        "effective_occasions": int(found.size),
        "largest_weight_tenths": int(np.ceil(found.largest * 10)),
    }
