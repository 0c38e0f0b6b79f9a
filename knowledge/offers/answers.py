"""How buyers answered, counted every night from what was offered, what was withheld, and what was bought."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text

from knowledge.offers.learned import AT_FULL_PRICE
from knowledge.offers.turns import MET, TURNS
from knowledge.offers.uplift import BANDS, MILLION
from knowledge.store.session import Database

WINDOW_DAYS: Final = 180  # older answers say little about today's shoppers
BUYS_WITHIN: Final = 7  # days after which what was bought has little to do with what was said

# width_bucket counts a value on an edge to the next band, and a band's upper end is its own
_EDGES: Final = ", ".join(str(round(edge * MILLION) + 1) for edge in BANDS[:-1])
_BAND: Final = f"width_bucket(CAST(choice ->> 'chance_ppm' AS bigint), ARRAY[{_EDGES}]::bigint[])"

_FORGET = text("DELETE FROM offer_answer")
# A discount of nothing is goods told of at full price, unless it was silence. No code leads from a stranger's order
# back to such an offer, so strangers' answers are not known and not counted.
_SILENT: Final = "choice ->> 'arm' = 'silence'"
_SAID: Final = f"""
    CASE WHEN CAST(choice ->> 'percent_bp' AS int) = 0 AND NOT ({_SILENT}) THEN {AT_FULL_PRICE}
         ELSE CAST(choice ->> 'percent_bp' AS int) END
"""

_COUNT = text(
    f"""
    WITH {TURNS}, {MET}, bought AS (
        SELECT DISTINCT met.occasion
        FROM met JOIN turn ON turn.occasion = met.occasion
        JOIN purchase_line AS line ON line.purchase_id = met.purchase_id AND line.sku = turn.sku
        WHERE line.quantity > line.returned
    )
    INSERT INTO offer_answer (kind, form, percent_bp, band, occasions, expected_ppm, bought, counted_at)
    SELECT choice ->> 'kind', coalesce(choice ->> 'form', 'single'), {_SAID}, {_BAND},
           count(*), sum(CAST(choice ->> 'chance_ppm' AS bigint)), count(bought.occasion), :at
    FROM turn LEFT JOIN bought ON bought.occasion = turn.occasion
    WHERE turn.made AND ({_SAID} <> {AT_FULL_PRICE} OR turn.customer_ref IS NOT NULL)
    GROUP BY 1, 2, 3, 4
    """  # noqa: S608  # our own texts
)


async def count_answers(database: Database, *, until: datetime) -> int:
    """Replace the table by a count of the days before `until`; returns how many cells it has.

    The last days are left out: what was said then may still be answered.

    Args:
        database: The unified store.
        until: The present.
    """
    last = until - timedelta(days=BUYS_WITHIN)
    window = {"since": last - timedelta(days=WINDOW_DAYS), "until": last, "days": BUYS_WITHIN, "at": until}
    async with database.transaction() as connection:
        await connection.execute(_FORGET)
        return (await connection.execute(_COUNT, window)).rowcount
