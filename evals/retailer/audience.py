"""Who comes to a place: regulars often, others rarely, and strangers whose name no till learns."""

import numpy as np

from evals.retailer.demand import Floats, Ints
from evals.retailer.world import Person, Place, World

KNOWN_AT_TILL = 0.65  # share of till sales whose customer is known
VISITING = 0.06  # how likely somebody else's regular comes, beside one's own


class Audience:
    """The customers of each place, as its platform knows them, each with how often they come."""

    def __init__(self, world: World) -> None:
        people = list(world.people.values())
        chance = np.random.default_rng([world.seed, 4])
        self._keys: Ints = np.array([person.key for person in people])
        # A heavy tail: the busiest tenth makes about half of the visits.
        habit: Floats = chance.pareto(1.6, len(people)) + 0.2
        habit[0] = 20.0  # the customer of the till's sample is a regular
        self._sums: dict[str, Floats] = {}
        for place in world.places.values():
            nearness = np.array([_nearness(person, place) for person in people])
            self._sums[place.code] = np.cumsum(habit * nearness)

    def draw(
        self, place: Place, count: int, chance: np.random.Generator, *, signed_in: bool = False
    ) -> list[int | None]:
        """`count` visitors by Person.key; None for a stranger, where they have not `signed_in`."""
        sums = self._sums[place.code]
        if not sums[-1]:
            return [None] * count
        found = self._keys[np.searchsorted(sums, chance.random(count) * sums[-1], side="right")].tolist()
        known = chance.random(count) < (1.0 if signed_in else KNOWN_AT_TILL)
        return [key if met else None for key, met in zip(found, known.tolist(), strict=True)]


def _nearness(person: Person, place: Place) -> float:
    if not (person.shopify_id if place.platform == "shopify" else person.lightspeed_id):
        return 0.0
    return 1.0 if person.home_place == place.code else VISITING
