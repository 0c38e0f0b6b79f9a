"""Person records whose true owners are known: FEBRL 1 to 3, and fake_1000 with its clerical labels."""

import importlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from knowledge.identity.record import Field, Fields, Record, plain
from policies.errors import Misconfigured

FOLDER: Final = Path(__file__).parents[2].parent / "shared" / "data" / "identity"
FEBRL: Final = ("febrl_dataset1", "febrl_dataset2", "febrl_dataset3")
FAKE: Final = "fake_1000"
_OWNER: Final = re.compile(r"rec-(\d+)-")
_FEBRL_NAME: Final[Mapping[Field, str]] = {"given": "given_name", "surname": "surname"}
_FEBRL_PLACE: Final[Mapping[Field, str]] = {
    "number": "street_number",
    "street": "address_1",
    "premises": "address_2",
    "locality": "suburb",
    "postcode": "postcode",
}

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Labeled:
    """Records and whose they are.

    Attributes:
        owners: Of each record; records of one owner are one person.
        hard: The strong key of each, "" where it is not told: what is withheld from comparing.
    """

    records: Sequence[Record]
    owners: Sequence[str]
    hard: Sequence[str]

    @property
    def truth(self) -> frozenset[Pair]:
        """Every pair of places of one person."""
        return pairs(self.owners)


def read_febrl(name: str, folder: Path = FOLDER) -> Labeled:
    """One FEBRL file: a person is an original and its duplicates, `rec-12-org`, `rec-12-dup-0`.

    Raises:
        Misconfigured: It is not there.
    """
    records: list[Record] = []
    owners: list[str] = []
    hard: list[str] = []
    for row in _rows(name, folder):
        name_told, place = _fields(row, _FEBRL_NAME), _fields(row, _FEBRL_PLACE)
        birth = row["date_of_birth"]
        records.append(
            Record(
                row["rec_id"],
                (name_told,) if name_told else (),
                (place,) if place else (),
                (birth,) if birth else (),
            )
        )
        found = _OWNER.match(row["rec_id"])
        owners.append(found[1] if found else row["rec_id"])
        hard.append(row["soc_sec_id"] or "")
    return Labeled(records, owners, hard)


def read_fake(folder: Path = FOLDER) -> Labeled:
    """fake_1000, which has no strong key: names, birth, town and an e-mail address, each often wrong or missing.

    Raises:
        Misconfigured: It is not there.
    """
    records: list[Record] = []
    owners: list[str] = []
    for row in _rows(FAKE, folder):
        name = _fields(row, {"given": "first_name", "surname": "surname"})
        place = _fields(row, {"locality": "city"})
        birth, email = (row["dob"] or "").replace("-", ""), (row["email"] or "").casefold()
        records.append(
            Record(
                row["unique_id"],
                (name,) if name else (),
                (place,) if place else (),
                (birth,) if birth else (),
                (email,) if email else (),
            )
        )
        owners.append(row["cluster"])
    return Labeled(records, owners, [""] * len(records))


def pairs(groups: Sequence[str]) -> frozenset[Pair]:
    """Every pair of places with the same group; "" is none."""
    together: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        if group:
            together[group].append(place)
    return frozenset(pair for places in together.values() for pair in combinations(places, 2))


def _fields(row: Mapping[str, Any], names: Mapping[Field, str]) -> Fields:
    return {field: value for field, name in names.items() if (value := plain(row[name] or ""))}


def _rows(name: str, folder: Path) -> list[dict[str, Any]]:
    file = folder / f"{name}.parquet"
    if not file.exists():
        raise Misconfigured(
            "The labeled records are not there.", code="evals.data", hint="They lie in ../shared/data/identity."
        )
    parquet: Any = importlib.import_module("pyarrow.parquet")
    return parquet.read_table(file).to_pylist()
