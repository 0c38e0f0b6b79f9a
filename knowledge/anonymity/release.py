"""The next release from the one before: what hardly changed stands as it was, so that one person never shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from knowledge.anonymity.figures import Figures, figures, sentence
from knowledge.anonymity.habits import Habits, Traits
from knowledge.anonymity.rollup import LEAST, Widening, groups, stands
from knowledge.store.places import Places
from policies.vocabulary.ids import CustomerRef

ANEW_EVERY: Final = 13  # releases: a quarter, at one a week


@dataclass(frozen=True, slots=True)
class Cohort:
    """A group as it is released.

    Attributes:
        name: The same in every release.
        members: Whom its figures were made from; never released.
        made: The number of the release that made its figures.
        stale: A member was erased since: the next release makes it anew, whatever else changed.
    """

    name: str
    traits: Traits
    figures: Figures
    sentence: str
    members: frozenset[CustomerRef]
    made: int
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """How groups are released.

    Attributes:
        least: Customers in the smallest group; `LEAST` or more.
        secret: Decides how many more than `least` each group needs.
        currency: The chain's.
    """

    least: int
    secret: bytes
    currency: str

    def __post_init__(self) -> None:
        if self.least < LEAST:
            raise ValueError(f"a group has {LEAST} customers or more")


def release(  # noqa: PLR0913, PLR0917  # what a release follows from
    people: Mapping[CustomerRef, Habits],
    places: Places,
    before: Mapping[str, Cohort],
    number: int,
    rules: Rules,
    chance: Random,
) -> Sequence[Cohort]:
    """The groups of release `number`, by name.

    A group that stood before keeps its figures until a quarter of `least` customers came or left since they were made.
    Every so often all groups are made anew, by the number alone, so that they do not stay what they were long ago.

    Args:
        people: Everybody who may count now.
        places: For wider places than a location.
        before: The release before this one, by name; empty for the first.
        number: Of this release.
        rules: How.
        chance: Moves figures before they are rounded; nobody may be able to draw the same again.
    """
    if (number - 1) % ANEW_EVERY == 0:
        before = {}
    widening = Widening(places)
    moved = _moved(people, before, widening) if before else None
    found = groups(people, widening, stands(rules.secret, rules.least, before, moved))
    made: list[Cohort] = []
    for name, (traits, members) in sorted(found.items()):
        stood = before.get(name)
        if stood is not None and not stood.stale and 4 * len(members ^ stood.members) < rules.least:
            made.append(stood)
            continue
        shares = [people[customer].share for customer in sorted(members)]
        told = figures(shares, rules.least, chance, None if stood is None else stood.figures)
        made.append(Cohort(name, traits, told, sentence(traits, told, rules.currency), members, number))
    return made


def _moved(
    people: Mapping[CustomerRef, Habits], before: Mapping[str, Cohort], widening: Widening
) -> frozenset[CustomerRef]:
    """Customers whom no group made before describes as they are now."""
    counted = {customer: one.name for one in before.values() for customer in one.members}
    fitting: dict[tuple[str, Traits], bool] = {}
    moved: set[CustomerRef] = set()
    for customer, one in people.items():
        name = counted.get(customer)
        if name is not None:
            if (name, one.traits) not in fitting:
                fitting[name, one.traits] = widening.describes(name, one.traits)
            if fitting[name, one.traits]:
                continue
        moved.add(customer)
    return frozenset(moved)
