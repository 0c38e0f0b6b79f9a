"""Differencing: what an attacker who knows everybody else learns of one person who joins, leaves, or is counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from evals.anonymity.risk import Risk
from knowledge.anonymity.habits import Habits
from knowledge.anonymity.release import Cohort, Rules, release
from knowledge.store.places import Places
from policies.vocabulary.ids import CustomerRef

RELEASES: Final = 2  # after the person joined or left
_NEAR: Final = 10  # whole units of currency: a guess this near counts as right

Everybody = Mapping[CustomerRef, Habits]


@dataclass(frozen=True, slots=True)
class Releasing:
    """How the chain releases its groups."""

    places: Places
    rules: Rules
    chance: Random

    def after(self, before: Mapping[str, Cohort], people: Everybody) -> dict[str, Cohort]:
        """The release after this one."""
        number = 1 + max((one.made for one in before.values()), default=0)
        made = release(people, self.places, before, number, self.rules, self.chance)
        return {one.name: one for one in made}

    def differs(self, before: Mapping[str, Cohort], people: Everybody) -> bool:
        """Whether any of the following releases says anything else than the one before."""
        told = _told(before)
        for _ in range(RELEASES):
            before = self.after(before, people)
            if _told(before) != told:
                return True
        return False


def joining(people: Everybody, releasing: Releasing, tries: int) -> Risk:
    """One person joins between two releases and nothing else happens; the attacker says so when anything differs."""
    hits = lucky = 0
    for target in releasing.chance.sample(sorted(people), tries):
        others = {name: one for name, one in people.items() if name != target}
        first = releasing.after({}, others)
        hits += releasing.differs(first, people)
        lucky += releasing.differs(first, others)
    return Risk(hits, tries, lucky, tries)


def leaving(people: Everybody, releasing: Releasing, tries: int) -> Risk:
    """One person is erased between two releases: their groups are made anew without them."""
    first = releasing.after({}, people)
    hits = lucky = 0
    for target in releasing.chance.sample(sorted(people), tries):
        others = {name: one for name, one in people.items() if name != target}
        erased = {
            name: replace(one, members=one.members - {target}, stale=target in one.members)
            for name, one in first.items()
        }
        hits += releasing.differs(erased, others)
        lucky += releasing.differs(first, people)
    return Risk(hits, tries, lucky, tries)


def recovering(people: Everybody, released: Iterable[Cohort], chance: Random) -> Risk:
    """The attacker knows everybody's spending but one's, and takes it out of the group's mean; once for each group.

    Luck is to guess what the others spend on average.
    """
    hits = lucky = tries = 0
    for cohort in released:
        target = chance.choice(sorted(cohort.members))
        own = people[target].share.basket
        others = sum(people[one].share.basket for one in cohort.members if one != target)
        count = len(cohort.members)
        hits += abs(cohort.figures.basket * count - others - own) <= _NEAR
        lucky += abs(others / (count - 1) - own) <= _NEAR
        tries += 1
    return Risk(hits, tries, lucky, tries)


def _told(released: Mapping[str, Cohort]) -> list[str]:
    return sorted(one.sentence for one in released.values())
