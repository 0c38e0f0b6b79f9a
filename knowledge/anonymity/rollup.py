"""From customers to groups: details are given up one by one until enough customers share the rest."""

import hmac
from collections.abc import Callable, Collection, Container, Mapping
from typing import Final

from knowledge.anonymity.habits import Habits, Traits
from knowledge.store.places import Places
from policies.vocabulary.ids import CustomerRef

LEAST: Final = 20
"""No group is smaller, whatever an operator sets."""

# What is given up, in this order. Fine hours and counts go first: they say least to a planner and most about a person.
_STEPS: Final = (
    "when", "frequency", "place", "when", "recency", "basket", "discounts", "place", "category", "frequency",
    "basket", "recency", "place",
)  # fmt: skip
_WIDER_BASKET: Final = {
    "under 30": "under 60",
    "30-60": "under 60",
    "60-90": "60-150",
    "90-150": "60-150",
    "150-300": "150 or more",
    "300 or more": "150 or more",
}
_WIDER_RECENCY: Final = {
    "within 30 days": "within 90 days",
    "within 90 days": "within 90 days",
    "longer ago": "longer ago",
}
_WIDER_FREQUENCY: Final = {"once": "once", "2-3 times": "repeatedly", "4 times or more": "repeatedly"}

Stands = Callable[[str, Collection[CustomerRef]], bool]
"""Whether a group of this name and of these customers stands."""


class Widening:
    """Makes traits wider, one step after the other, until they say nothing."""

    def __init__(self, places: Places) -> None:
        self._regions = {str(place.id): f"{place.kind} in {place.region}" for place in places}
        self._kinds = {f"{place.kind} in {place.region}": place.kind for place in places}

    @property
    def steps(self) -> int:
        """How many there are; step 0 leaves everything as it is."""
        return len(_STEPS) + 1

    def widen(self, traits: Traits, step: int) -> Traits:
        """Traits that took all steps before this one, after it."""
        name = _STEPS[step - 1]
        return traits._replace(**{name: self._wider(name, getattr(traits, name))}) if step else traits

    def describes(self, name: str, traits: Traits) -> bool:
        """Whether a group of this name is as wide as these traits, or wider."""
        step, *shared = name.split("|")
        for number in range(int(step) + 1):
            traits = self.widen(traits, number)
        return list(traits) == shared

    def _wider(self, name: str, value: str) -> str:
        if name == "place":
            return self._regions.get(value) or self._kinds.get(value, "")
        if name == "when":
            return value.partition(" ")[0] if " " in value else ""
        narrower = {"basket": _WIDER_BASKET, "recency": _WIDER_RECENCY, "frequency": _WIDER_FREQUENCY}.get(name, {})
        return narrower.get(value, "")


def name_of(step: int, traits: Traits) -> str:
    """A group's name: how wide it is and its traits, so that the same group has the same name in every release."""
    return "|".join((str(step), *traits))


def stands(secret: bytes, least: int, standing: Container[str], moved: Container[CustomerRef] | None) -> Stands:
    """Which groups are large enough: they need `least` customers and a secret few more.

    Whoever counts along must not learn, from a group that appears or goes, that it was one certain person who came or
    left. So nobody else knows how many it takes; a group that stands goes later than it came; and a new one takes a
    quarter of `least` customers who are new or behave otherwise than before.

    Args:
        secret: Of the installation.
        least: Customers in the smallest group.
        standing: Names of the groups released before.
        moved: Customers no group released before describes as they are; `None` when all groups are made anew.
    """
    spread = max(2, least // 2)

    def judge(name: str, customers: Collection[CustomerRef]) -> bool:
        if len(customers) < least:
            return False
        drawn = int.from_bytes(hmac.digest(secret, name.encode(), "sha256")[:4])
        come = least + 1 + drawn % spread
        if name in standing:
            return len(customers) >= max(least, come - 1 - (drawn >> 8) % spread)
        if len(customers) < come:
            return False
        return moved is None or 4 * sum(one in moved for one in customers) >= least

    return judge


def groups(
    people: Mapping[CustomerRef, Habits], widening: Widening, stand: Stands
) -> dict[str, tuple[Traits, frozenset[CustomerRef]]]:
    """Groups that are large enough, by name, each customer in one at most; who fits in none is left out.

    A group that is wider than another holds only those the narrower ones did not take, so no two can be subtracted.
    """
    left = {customer: one.traits for customer, one in people.items()}
    found: dict[str, tuple[Traits, frozenset[CustomerRef]]] = {}
    for step in range(widening.steps):
        wide = {traits: widening.widen(traits, step) for traits in set(left.values())}
        together: dict[Traits, list[CustomerRef]] = {}
        for customer, traits in left.items():
            left[customer] = wide[traits]
            together.setdefault(wide[traits], []).append(customer)
        for traits, customers in together.items():
            if len(customers) < LEAST:
                continue
            name = name_of(step, traits)
            if stand(name, customers):
                found[name] = traits, frozenset(customers)
                for customer in customers:
                    del left[customer]
    return found
