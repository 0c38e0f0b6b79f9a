"""What offers changed per customer under a plan: margin, and the average order's value."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
from sqlalchemy import text

from knowledge.measure.experiment import Customers, Lift, lift
from knowledge.offers.turns import TURNS
from knowledge.store.connection import Connection
from policies.errors import Refused
from tools.measure.money import MARGIN
from tools.measure.plan import Plan

Metric = Literal["margin", "average_order_value"]

# Taken in is who came to an occasion on which an offer was worth making; that does not depend on being held out.
_CUSTOMERS = text(
    f"""
    WITH {TURNS}, {MARGIN}, taken_in AS (
        SELECT DISTINCT ON (customer_ref) customer_ref, at, CAST(choice ->> 'held_out' AS boolean) AS held_out,
               CAST(choice ->> 'holdout_bp' AS int) AS share_bp
        FROM turn
        WHERE customer_ref IS NOT NULL AND choice ->> 'campaign' = :campaign
          AND choice -> 'arms' @> '[{{"arm": "lead"}}]'
        ORDER BY customer_ref, at
    )
    SELECT taken_in.customer_ref, taken_in.at, taken_in.held_out, taken_in.share_bp,
           coalesce(sum(margin) FILTER (WHERE later), 0) AS margin,
           coalesce(sum(margin) FILTER (WHERE NOT later), 0) AS margin_before,
           coalesce(sum(revenue) FILTER (WHERE later), 0) AS revenue, count(*) FILTER (WHERE later) AS orders,
           coalesce(sum(revenue) FILTER (WHERE NOT later), 0) AS revenue_before,
           count(*) FILTER (WHERE NOT later) AS orders_before
    FROM taken_in LEFT JOIN LATERAL (
        SELECT margin, revenue, spent.occurred_at >= taken_in.at - interval '10 minutes' AS later
        FROM spent
        WHERE spent.customer_ref = taken_in.customer_ref
          AND spent.occurred_at >= taken_in.at - make_interval(days => :days)
          AND spent.occurred_at < taken_in.at + make_interval(days => :days)
    ) AS bought ON true
    GROUP BY 1, 2, 3, 4
    ORDER BY taken_in.at, taken_in.customer_ref
    """  # noqa: S608  # our own texts
)


@dataclass(frozen=True, slots=True)
class Measured:
    """An effect, and on how many it rests.

    Attributes:
        ordered_bp: Of those offered something and of those held out, how many ordered: apart, an average per order
            compares different people.
    """

    metric: Metric
    effect: Lift
    ordered_bp: tuple[int, int]

    def facts(self) -> dict[str, Any]:
        """As exact JSON; intervals are rounded outwards."""
        effect = self.effect
        return {
            "metric": self.metric,
            "offered": effect.offered,
            "held_out": effect.held_out,
            "value": round(effect.value),
            "low": int(np.floor(effect.low)),
            "high": int(np.ceil(effect.high)),
            "shown": effect.shown,
            "variance_left_bp": round(effect.variance_left * 10_000),
            "ordered_bp": list(self.ordered_bp),
        }


async def measured(connection: Connection, plan: Plan, metric: Metric, *, now: datetime) -> Measured:
    """The effect as of now, of customers whose window is over.

    Raises:
        Refused: `measure.too_few`, or `measure.share_changed`.
    """
    ends = min(now - timedelta(days=plan.window_days), plan.begins + timedelta(weeks=plan.weeks))
    span = {"since": plan.begins, "until": ends, "campaign": plan.campaign, "days": plan.window_days}
    rows = (await connection.execute(_CUSTOMERS, span)).all()
    if any(row.share_bp != plan.share_bp for row in rows):
        raise Refused(
            "The share of customers held out was changed while this campaign was measured.",
            code="measure.share_changed",
            hint="Set TILLHAND_HOLDOUT_BP back, and measure under another campaign's name from now on.",
        )
    ordered = tuple(_share([row.orders > 0 for row in rows if row.held_out is side]) for side in (False, True))
    cap = plan.cap if metric == "margin" else plan.order_cap
    if metric == "margin":
        outcome, before = [row.margin for row in rows], [row.margin_before for row in rows]
    else:
        rows = [row for row in rows if row.orders]
        outcome = [row.revenue / row.orders for row in rows]
        before = [row.revenue_before / row.orders_before if row.orders_before else 0 for row in rows]
    customers = Customers(
        np.asarray(outcome, dtype=np.float64),
        np.asarray(before, dtype=np.float64),
        np.asarray([row.held_out for row in rows], dtype=np.bool_),
    )
    effect = lift(customers, share=plan.share_bp / 10_000, cap=float(cap), planned=plan.customers)
    return Measured(metric, effect, (ordered[0], ordered[1]))


def _share(those: list[bool]) -> int:
    return round(10_000 * sum(those) / len(those)) if those else 0
