"""Customers for groups: made by the hundred, each with behavior of their own."""

from collections.abc import Mapping
from random import Random

from knowledge.anonymity.habits import Habits, Share, Traits
from knowledge.anonymity.release import Rules
from knowledge.store.places import Place, Places
from policies.vocabulary.ids import CustomerRef, LocationId

PLACES = Places(
    Place(LocationId(code), code.title(), "shopify", str(number), kind, region, "America/New_York", LocationId(code))
    for number, (code, kind, region) in enumerate(
        (("STORE_1", "shop", "NY"), ("STORE_2", "shop", "NY"), ("STORE_3", "shop", "MA"), ("ONLINE", "online", "NJ"))
    )
)
RULES = Rules(20, b"a secret for thresholds of groups", "USD")
People = Mapping[CustomerRef, Habits]


def people(count: int, seed: int = 1) -> dict[CustomerRef, Habits]:
    chance = Random(seed)
    return {CustomerRef(f"c_{seed}_{number:05d}"): person(chance) for number in range(count)}


def person(chance: Random) -> Habits:
    basket = chance.choice((20, 50, 80, 120, 200, 300)) + chance.random()
    traits = Traits(
        chance.choice(("STORE_1", "STORE_2", "STORE_3", "ONLINE")),
        chance.choice(("jeans", "hats", "belts")),
        {20: "under 30", 50: "30-60", 80: "60-90", 120: "90-150", 200: "150-300", 300: "300 or more"}[int(basket)],
        chance.choice(("weekday evenings", "weekday mornings", "weekend afternoons")),
        chance.choice(("never", "sometimes", "often")),
        chance.choice(("within 30 days", "within 90 days", "longer ago")),
        chance.choice(("once", "2-3 times", "4 times or more")),
    )
    return Habits(traits, Share(min(basket, 300), chance.randint(1, 12), chance.randint(1, 8), chance.random(), 0.5))
