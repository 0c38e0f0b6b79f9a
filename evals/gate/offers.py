"""Offers: what they earn at two retailers of the gate's own, what they say, and whether they keep to their caps."""

from typing import Final

from evals.gate.kept import beside_kept
from evals.offers.claims import grounding
from evals.offers.policies import best_single_offer, earned, knowing_all, offered_share, ours, weekly_promotion
from evals.offers.retailer import make
from evals.offers.till import consistency_and_caps
from evals.row import Row

SEEDS: Final = (200, 201)  # neither those constants were chosen on nor those the suite reports
_SLACK: Final = 40.0  # per mille of what could be earned: about what one retailer differs from the next


async def measure() -> list[Row]:
    """Few figures of `evals.offers`, each held to what is kept or to what must always be."""
    rows = [_value(seed) for seed in SEEDS]
    mine, weekly, single, spoken = (sum(each) / len(SEEDS) for each in zip(*rows, strict=True))
    return [
        beside_kept("gate_offers_of_what_could_be_earned", mine, "per mille", _SLACK),
        beside_kept("gate_offers_over_weekly_promotion", mine - weekly, "per mille", _SLACK),
        beside_kept("gate_offers_over_best_single_offer", mine - single, "per mille", _SLACK),
        beside_kept("gate_offers_share_of_visits", spoken, "share", 0.1, up=False),
        *(each for each in (*grounding(), *await consistency_and_caps()) if each.holds is not None),
    ]


def _value(seed: int) -> tuple[float, float, float, float]:
    """What ours and both rivals earn, per mille of what knowing everything would; and in which share ours speaks."""
    retailer = make(seed)
    most = float(knowing_all(retailer).sum()) / 1_000
    run = ours(retailer, seed)
    return (
        earned(retailer, run) / most,
        weekly_promotion(retailer) / most,
        best_single_offer(retailer) / most,
        offered_share(retailer, run),
    )
