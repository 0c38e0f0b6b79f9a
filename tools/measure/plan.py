"""A measurement as it was fixed before it began: nothing in it can be chosen once results are known."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

import numpy as np
from sqlalchemy import text

from knowledge.measure.experiment import Customers, effects
from knowledge.measure.power import Power, power
from knowledge.measure.sequence import Floats
from knowledge.store.connection import Connection
from policies.errors import NotFound, Refused
from policies.vocabulary.actor import Actor
from tools.action_row import actor_facts
from tools.audit.entry import Entry, canonical, digest
from tools.audit.ledger import append
from tools.measure.money import MARGIN

WINDOW_DAYS: Final = 28  # what a customer spends within four weeks of the first occasion is their outcome
_FEWEST: Final = 100  # customers in the past of whom a deviation can be told
_ONE_IN: Final = 0.99  # outcomes above this quantile of the past count as much as it

_PAST = text(
    f"""
    WITH {MARGIN}
    SELECT customer_ref, sum(margin) FILTER (WHERE occurred_at >= :middle) AS after,
           sum(margin) FILTER (WHERE occurred_at < :middle) AS before, avg(revenue) AS average
    FROM spent WHERE customer_ref IS NOT NULL AND occurred_at >= :begins AND occurred_at < :ends
    GROUP BY customer_ref
    """  # noqa: S608  # our own text
)
_BUYERS = text(
    "SELECT count(DISTINCT coalesce(linked.identity, customer_ref)) FROM purchase"
    " LEFT JOIN customer_identity AS linked ON linked.ref = customer_ref"
    " WHERE occurred_at >= :begins AND occurred_at < :ends AND NOT cancelled"
)
_READ = text("SELECT plan, digest FROM measurement WHERE campaign = :campaign")
_KEEP = text(
    """
    INSERT INTO measurement (campaign, plan, digest, begins, planned_by)
    VALUES (:campaign, :plan, :digest, :begins, :by) ON CONFLICT DO NOTHING RETURNING campaign
    """
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is fixed beforehand.

    Attributes:
        share_bp: Of customers held out.
        cap: Minor units; a customer's margin above counts as this much, and an average order above `order_cap`.
        weeks: For which customers are taken in, each followed for `window_days` from their first occasion.
        customers: Expected by the end.
        sees: The smallest effect that four measurements in five would show, in minor units per customer, looked at as
            often as anybody likes.
        sees_once: The same when it is looked at once, at the end.
    """

    campaign: str
    begins: datetime
    weeks: int
    window_days: int
    share_bp: int
    cap: int
    order_cap: int
    customers: int
    sees: int
    sees_once: int
    enough: bool

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"begins": self.begins.isoformat()}

    @classmethod
    def read(cls, told: str) -> Self:
        """From the text that was kept."""
        facts: dict[str, Any] = json.loads(told)
        begins = datetime.fromisoformat(facts.pop("begins"))
        return cls(begins=begins, **facts)


async def draft(connection: Connection, campaign: str, *, weeks: int, share_bp: int, now: datetime) -> Plan:
    """What a measurement from now on could see, from what customers spent lately; nothing is kept.

    Raises:
        Refused: `measure.no_holdout` or `measure.no_past`.
    """
    if share_bp <= 0:
        raise Refused(
            "Nobody is held out, so nobody can tell what offers change.",
            code="measure.no_holdout",
            hint="Set TILLHAND_HOLDOUT_BP, 500 for one customer in twenty.",
        )
    middle = now - timedelta(days=WINDOW_DAYS)
    past = {"begins": middle - timedelta(days=WINDOW_DAYS), "middle": middle, "ends": now}
    rows = (await connection.execute(_PAST, past)).all()
    if len(rows) < _FEWEST:
        raise Refused(
            f"Only {len(rows)} known customers bought something lately: too few to plan on.",
            code="measure.no_past",
            hint=f"Plan again once {_FEWEST} known customers have bought within {2 * WINDOW_DAYS} days.",
        )
    after = np.asarray([float(row.after or 0) for row in rows])
    before = np.asarray([float(row.before or 0) for row in rows])
    cap, order_cap = _cap(before), _cap(np.asarray([float(row.average) for row in rows]))
    told = await _power(
        connection, Customers(after, before, np.zeros(len(rows), dtype=np.bool_)), cap, weeks, share_bp, now
    )
    return Plan(
        campaign,
        now,
        weeks,
        WINDOW_DAYS,
        share_bp,
        cap,
        order_cap,
        told.customers,
        round(told.always_valid),
        round(told.one_look),
        told.enough,
    )


async def register(connection: Connection, plan: Plan, actor: Actor) -> str:
    """Keep a plan for good, with a record in the ledger; returns its digest.

    Raises:
        Refused: `measure.begun`: this campaign has one.
    """
    facts = plan.facts()
    name = digest(facts)
    row = {
        "campaign": plan.campaign,
        "plan": canonical(facts),
        "digest": name,
        "begins": plan.begins,
        "by": actor.id,
    }
    if (await connection.execute(_KEEP, row)).rowcount == 0:
        raise Refused(
            "This campaign is being measured already, and a plan does not change once it has begun.",
            code="measure.begun",
            hint="Measure the next one under another campaign's name.",
            field="campaign",
        )
    body = {"step": "measured", "plan": facts, "digest": name, "by": actor_facts(actor)}
    await append(connection, [Entry("note", plan.begins, body, correlation=f"measurement:{plan.campaign}")])
    return name


async def registered(connection: Connection, campaign: str) -> Plan:
    """The plan a campaign is measured by.

    Raises:
        NotFound: `measure.unplanned`.
    """
    row = (await connection.execute(_READ, {"campaign": campaign})).one_or_none()
    if row is None:
        raise NotFound(
            "This campaign is not being measured.",
            code="measure.unplanned",
            hint="Fix what is measured first: tillhand measure start --campaign NAME.",
            field="campaign",
        )
    return Plan.read(row.plan)


def _cap(past: Floats) -> int:
    return max(1, round(float(np.quantile(past, _ONE_IN))))


async def _power(  # noqa: PLR0913, PLR0917  # what was, and how long and how much of it is to come
    connection: Connection, past: Customers, cap: int, weeks: int, share_bp: int, now: datetime
) -> Power:
    values, _ = effects(past, share=share_bp / 10_000, cap=float(cap))
    # nobody of the past was held out, so each value is its residual times a constant, which is taken off again
    deviation = float(values.std()) * (1 - share_bp / 10_000)
    span = {"begins": now - timedelta(weeks=weeks), "ends": now}
    buyers = int((await connection.execute(_BUYERS, span)).scalar_one())
    return power(buyers, share=share_bp / 10_000, deviation=deviation)
