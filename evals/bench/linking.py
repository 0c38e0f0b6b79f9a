"""What the night's linker takes for 5,000, 20,000 and 50,000 customers: processor seconds, memory, and how right it is.

People are invented as FEBRL's are: names and streets as unevenly common as real ones, a postcode for each town, a birth
told of most. Four in five are known once; the rest twice, the second time with one to three slips, as another till
heard it. Each size runs in a process of its own, whose peak memory is that of the whole process; the rival is comparing
every record with every other one, at the speed of the same comparison. Weights are the shipped ones, as on a first
night.
"""

import asyncio
import json
import resource
import string
import sys
import time
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from random import Random
from typing import Final

from evals.retailer.people_names import FIRST_NAMES, LAST_NAMES
from evals.row import Row
from knowledge.identity.comparison import Comparer
from knowledge.identity.linker import find
from knowledge.identity.record import Field, Record
from knowledge.identity.weights import Weights, learn_u, shipped

SIZES: Final = (5_000, 20_000, 50_000)
GOAL_MB: Final = 600.0  # at the largest size; what a small server has beside its database
_TWICE: Final = 0.2
_STREETS: Final = 1_500
_TOWNS: Final = 800
_SLIPS: Final = (1, 1, 2, 2, 3)
_SLIPPED: Final[tuple[Field, ...]] = ("given", "surname", "number", "street", "locality", "postcode", "birth")
_SEED: Final = 29


@dataclass(frozen=True, slots=True)
class Told:
    """One size: seconds of the processor, megabytes at the peak, and pairs."""

    cpu_s: float
    naive_cpu_s: float
    peak_mb: float
    linked: int
    right: int
    true: int


async def measure() -> list[Row]:
    """Every size; memory at the largest is held to the goal."""
    rows: list[Row] = []
    for size in SIZES:
        told = await _apart(size)
        goal, holds = (f"< {GOAL_MB:.0f}", told.peak_mb < GOAL_MB) if size == SIZES[-1] else ("", None)
        precision, recall = told.right / max(1, told.linked), told.right / told.true
        rows += [
            Row(f"linking_{size}_cpu_s", round(told.cpu_s, 1), "s", "", round(told.naive_cpu_s, 1), None),
            Row(f"linking_{size}_peak_mb", round(told.peak_mb), "MB", goal, None, holds),
            Row(f"linking_{size}_precision", round(precision, 4), "", "", None, None),
            Row(f"linking_{size}_recall", round(recall, 4), "", "", None, None),
        ]
    return rows


async def _apart(size: int) -> Told:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "evals.bench.linking", str(size), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return Told(**json.loads(out))


def run(size: int) -> Told:
    """Link so many records."""
    records = people(size)
    begun = time.process_time()
    weights = Weights(shipped().m, learn_u(records, shipped().u))
    found = [each for each in find(records, weights) if each.verdict == "link"]
    took = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    right = sum(each.one.partition("-")[0] == each.other.partition("-")[0] for each in found)
    true = sum(record.ref.endswith("-2") for record in records)
    return Told(took, _naive(records), peak, len(found), right, true)


def people(size: int) -> list[Record]:
    """So many records of fewer people; whose they are stands before the dash of a reference."""
    chance = Random(_SEED)
    given, surnames = (
        _uneven([*map(str.lower, FIRST_NAMES), *_words(chance, 400)]),
        _uneven([*map(str.lower, LAST_NAMES), *_words(chance, 4_000)]),
    )
    streets = _uneven([f"{word} {kind}" for word in _words(chance, _STREETS) for kind in ("street", "road")])
    towns = _uneven(_words(chance, _TOWNS))
    postcodes = {town: f"{10_000 + 37 * place}" for place, town in enumerate(towns[0])}
    records: list[Record] = []
    while len(records) < size:
        town = _drawn(chance, towns)
        name: dict[Field, str] = {"given": _drawn(chance, given), "surname": _drawn(chance, surnames)}
        place: dict[Field, str] = {
            "number": str(chance.randint(1, 250)),
            "street": _drawn(chance, streets),
            "locality": town,
            "postcode": postcodes[town],
        }
        birth = f"{chance.randint(1935, 2007)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
        own = Record(f"p{len(records)}-1", (name,), (place,), (birth,) if chance.random() < 0.8 else ())  # noqa: PLR2004
        records.append(own)
        if chance.random() < _TWICE / (1 - _TWICE) and len(records) < size:
            records.append(_again(chance, own))
    chance.shuffle(records)
    return records


def _again(chance: Random, own: Record) -> Record:
    name, place, births = dict(own.names[0]), dict(own.places[0]), own.births
    for field in chance.sample(_SLIPPED, chance.choice(_SLIPS)):
        if field == "birth":
            births = tuple(_slip(chance, birth, string.digits) for birth in births)
        elif field in name:
            name[field] = _slip(chance, name[field], string.ascii_lowercase)
        else:
            letters = string.digits if place[field].isdecimal() else string.ascii_lowercase
            place[field] = _slip(chance, place[field], letters)
    return replace(own, ref=own.ref[:-1] + "2", names=(name,), places=(place,), births=births)


def _slip(chance: Random, text: str, letters: str) -> str:
    """One sign left out, put in, or another."""
    at = chance.randrange(len(text))
    kind = chance.randrange(3) if len(text) > 2 else 2  # noqa: PLR2004  # too short to lose one
    return text[:at] + ("" if kind == 0 else chance.choice(letters)) + text[at + (kind != 1) :]


def _words(chance: Random, count: int) -> list[str]:
    parts = [one + two for one in "bcdfghklmnprstvw" for two in "aeiou"]
    return list(dict.fromkeys("".join(chance.choices(parts, k=chance.choice((2, 3, 3, 4)))) for _ in range(count)))


def _uneven(words: list[str]) -> tuple[list[str], list[float]]:
    """Words with summed weights that fall with their place, as names' do."""
    return words, list(accumulate(1 / (place + 5) for place in range(len(words))))


def _drawn(chance: Random, words: tuple[list[str], list[float]]) -> str:
    return chance.choices(words[0], cum_weights=words[1])[0]


def _naive(records: list[Record], sample: int = 40_000) -> float:
    """Seconds that comparing everybody with everybody would take, from a sample of pairs."""
    chance, comparer = Random(_SEED), Comparer()
    drawn = [chance.sample(records, 2) for _ in range(sample)]
    begun = time.process_time()
    for one, other in drawn:
        comparer.compare(one, other)
    return (time.process_time() - begun) / sample * len(records) * (len(records) - 1) / 2


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(run(int(sys.argv[1])))))
