"""The chain as it would be if: more or fewer customers, or suppliers that come later; nothing kept is changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from knowledge.demand.kept import Kept
from knowledge.demand.velocity import Spot
from knowledge.planning.chain import Chain


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed.

    Attributes:
        demand_percent: Demand, in percent of the forecast.
        late_days: How many days later than agreed suppliers come.
        sku: Whose demand; "" for all.
        location: Where; "" everywhere.
    """

    demand_percent: int = 100
    late_days: int = 0
    sku: str = ""
    location: str = ""

    @property
    def anything(self) -> bool:
        """Whether it differs from how things stand."""
        return self.demand_percent != 100 or self.late_days != 0  # noqa: PLR2004  # percent


def suppose(chain: Chain, what: Supposed) -> Chain:
    """The chain under it, for the same planning as every night's."""
    suppliers = {vendor: replace(each, lead=each.lead + what.late_days) for vendor, each in chain.suppliers.items()}
    return replace(chain, forecasts=_forecasts(chain.forecasts, what), suppliers=suppliers)


def _forecasts(forecasts: Mapping[Spot, Kept], what: Supposed) -> Mapping[Spot, Kept]:
    factor = what.demand_percent / 100
    return {
        spot: replace(kept, mean=tuple(units * factor for units in kept.mean))
        if what.sku in {"", spot[0]} and what.location in {"", spot[1]}
        else kept
        for spot, kept in forecasts.items()
    }
