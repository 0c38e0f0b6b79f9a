"""What another way of making offers would have earned, told from the draws on record."""

from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from sqlalchemy import text

from knowledge.measure.off_policy import Log, Worth, worth
from knowledge.measure.sequence import Floats
from knowledge.offers.arms import ANOTHER, BESIDE, LEAD, SILENCE
from knowledge.offers.habit import KINDS
from knowledge.offers.turns import MET, TURNS
from knowledge.store.connection import Connection
from policies.errors import Refused
from tools.measure.money import MARGIN

Other = Literal["silence", "always", "beside", "another"]
WORDS: Final[dict[Other, str]] = {
    "silence": "saying nothing",
    "always": "always making the best offer, without exploring",
    "beside": "giving the next best percentage instead of the best",
    "another": "offering the best of another form instead of the best",
}
_ARMS: Final = (SILENCE, LEAD, BESIDE, ANOTHER)
_WITHIN_DAYS: Final = 1  # what is bought on the occasion itself
_WHOLE: Final = 10_000

# One occasion of each known customer, so that occasions are independent, and every stranger's.
_LOG = text(
    f"""
    WITH {TURNS}, {MET}, {MARGIN}, one AS (
        SELECT DISTINCT ON (coalesce(customer_ref, occasion)) occasion, customer_ref, choice
        FROM turn WHERE choice ->> 'campaign' = :campaign AND choice -> 'arms' @> '[{{"arm": "lead"}}]'
        ORDER BY coalesce(customer_ref, occasion), at
    )
    SELECT one.choice, one.customer_ref IS NOT NULL AS known, coalesce(sum(spent.margin), 0) AS margin
    FROM one LEFT JOIN met ON met.occasion = one.occasion LEFT JOIN spent ON spent.id = met.purchase_id
    GROUP BY one.occasion, one.choice, known
    ORDER BY one.occasion
    """  # noqa: S608  # our own texts
)


async def told(
    connection: Connection, other: Other, *, campaign: str, since: datetime, until: datetime
) -> tuple[Worth, int]:
    """What another way would have earned more, per occasion, than saying nothing; against always offering for silence.

    Returns:
        The difference in minor units, and the occasions it rests on.

    Raises:
        Refused: `measure.thin_support`, or `measure.no_draws`.
    """
    span = {"since": since, "until": until, "campaign": campaign, "days": _WITHIN_DAYS}
    rows = (await connection.execute(_LOG, span)).all()
    if not rows:
        raise Refused(
            "No draws are on record for this time.",
            code="measure.no_draws",
            hint="Ask about days on which offers were made with TILLHAND_EXPLORE_BP above 0.",
        )
    log = _log(rows)
    policies = {name: _policy(name, rows) for name in WORDS}
    rival = "always" if other == "silence" else "silence"
    return worth(log, policies[other], beside=policies[rival]), len(rows)


def propensity(choice: dict[str, Any]) -> float:
    """The chance with which an occasion's arm was drawn, hold-out and number together."""
    bp = {arm["arm"]: arm["bp"] for arm in choice["arms"]}[choice["arm"]]
    held_out = choice["holdout_bp"]
    drawn = (_WHOLE - held_out) * bp / _WHOLE**2
    return drawn + held_out / _WHOLE if choice["arm"] == SILENCE else drawn


def _log(rows: Any) -> Log:
    kinds = {name: place for place, name in enumerate(KINDS)}
    context = np.zeros((len(rows), len(kinds) + 1))
    for place, row in enumerate(rows):
        context[place, kinds.get(row.choice["kind"], 0)] = 1.0
        context[place, -1] = np.log(max(1, row.choice["chance_ppm"]) / 1_000_000)
    return Log(
        context,
        np.asarray([_ARMS.index(row.choice["arm"]) for row in rows]),
        np.asarray([propensity(row.choice) for row in rows]),
        np.asarray([float(row.margin) for row in rows]),
    )


def _policy(other: Other, rows: Any) -> Floats:
    """Each occasion's arm as a row of chances; where there is no such arm, the best offer stays."""
    chances = np.zeros((len(rows), len(_ARMS)))
    wanted = {"silence": SILENCE, "always": LEAD, "beside": BESIDE, "another": ANOTHER}[other]
    for place, row in enumerate(rows):
        there = wanted == SILENCE or any(arm["arm"] == wanted for arm in row.choice["arms"])
        chances[place, _ARMS.index(wanted if there else LEAD)] = 1.0
    return chances
