"""What an attacker gets out of the released groups, beside what the same attacker gets out of pseudonymous rows."""

import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from evals.anonymity import canaries
from evals.anonymity.chain import SEED, Chain, filled
from evals.anonymity.differencing import Releasing, joining, leaving, recovering
from evals.anonymity.linkage import linkage
from evals.anonymity.risk import Risk
from evals.anonymity.singling_out import multivariate, univariate
from evals.anonymity.table import People, rows, wider
from evals.row import Row
from knowledge.anonymity import kept
from knowledge.anonymity.bought import everybody
from knowledge.anonymity.finder import CohortFinder
from knowledge.anonymity.office import CohortOffice
from knowledge.anonymity.release import Cohort, Rules
from knowledge.anonymity.rollup import LEAST
from knowledge.memory.cohorts import CohortMemory
from knowledge.memory.embed import Embedder

GOAL: Final = 0.05
_SINGLED: Final = 1_000  # guesses
_ON_ROWS: Final = 300  # guesses against the baseline, which is so far off that fewer tell enough
_LINKED: Final = 300
_TARGETS: Final = 100
_CHAINS: Final = 12  # releases of the same customers under other secrets: one has too few edges to attack alone


async def measure() -> list[Row]:
    """Every attack, over what the product really releases."""
    async with filled() as chain:
        with tempfile.TemporaryDirectory(prefix="tillhand-evals-", ignore_cleanup_errors=True) as folder:
            return await _measure(chain, Path(folder))


async def _measure(chain: Chain, folder: Path) -> list[Row]:
    chance = Random(SEED)
    rules = Rules(LEAST, secrets.token_bytes(32), chain.currency)
    embedder = Embedder()
    memory = CohortMemory(folder, embedder)
    office = CohortOffice(chain.database, chain.places, memory, rules, now=lambda: chain.at)
    people = await everybody(chain.database, chain.places, currency=chain.currency, at=chain.at)
    await office.make()
    async with chain.database.reading() as connection:
        released = list((await kept.read_cohorts(connection)).values())

    humans = list(people.values())
    inside, outside = People(humans, chain.places), People(list(chain.others.values()), chain.places)
    table, raw = _table(released), rows(humans)
    known = wider(humans, chain.places)
    releasing = Releasing(chain.places, rules, chance)

    several = Risk(0, 0)
    for _ in range(_CHAINS):
        again = Releasing(chain.places, Rules(LEAST, chance.randbytes(32), chain.currency), chance)
        several += univariate(_table(list(again.after({}, people).values())), inside, outside, _SINGLED, chance)
    planted = await canaries.plant(chain)
    await office.make()
    finder = CohortFinder(chain.database, memory)
    return [
        Row("anonymity_customers", float(len(people)), "", ">= 6000", None, len(people) >= 6_000),  # noqa: PLR2004
        Row("anonymity_groups", float(len(released)), "", "", None, None),
        _least(released),
        Row("anonymity_in_a_group", sum(len(one.members) for one in released) / len(people), "share", "", None, None),
        _row("singled_out_one_column", several, univariate(raw, inside, outside, _ON_ROWS, chance)),
        _row(
            "singled_out_many_columns",
            multivariate(table, inside, outside, _SINGLED, chance),
            multivariate(raw, inside, outside, _ON_ROWS, chance),
        ),
        _row(
            "linked",
            linkage(table, humans, known, _LINKED, chance),
            linkage(raw, humans, known, _LINKED // 3, chance),
        ),
        _row("joining_seen", joining(people, releasing, _TARGETS), None),
        _row("erasure_seen", leaving(people, releasing, _TARGETS), None),
        _row("spending_recovered", recovering(people, released, chance), None),
        _none("canaries_retrieved", await canaries.retrieved(planted, finder, embedder, folder)),
    ]


def _row(name: str, ours: Risk, of_rows: Risk | None) -> Row:
    baseline = None if of_rows is None else of_rows.value
    return Row(f"anonymity_{name}_upper", ours.upper, "risk", f"< {GOAL}", baseline, ours.upper < GOAL)


def _none(name: str, found: int) -> Row:
    return Row(f"anonymity_{name}", float(found), "", "0", None, found == 0)


def _least(released: Sequence[Cohort]) -> Row:
    smallest = min(len(one.members) for one in released)
    return Row("anonymity_smallest_group", float(smallest), "customers", f">= {LEAST}", 1.0, smallest >= LEAST)


def _table(released: Sequence[Cohort]) -> list[dict[str, str | float]]:
    """As released: words and round numbers, shares in the attacker's own unit."""
    return [
        {
            **one.traits._asdict(),
            "basket": float(one.figures.basket),
            "orders": float(one.figures.orders),
            "units": float(one.figures.units),
            "online": one.figures.online_percent / 100,
            "discounted": one.figures.discounted_percent / 100,
        }
        for one in released
    ]
