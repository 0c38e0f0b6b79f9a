"""What two customers are compared by: names, addresses, birth and contacts, written in one way; raw, in memory only."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

Field = Literal["given", "surname", "number", "street", "premises", "locality", "postcode", "birth", "email", "phone"]
FIELDS: Final[tuple[Field, ...]] = get_args(Field)
Group = Literal["name", "place", "birth", "contact"]
GROUPS: Final[Mapping[Group, tuple[Field, ...]]] = {
    "name": ("given", "surname"),
    "place": ("number", "street", "premises", "locality", "postcode"),
    "birth": ("birth",),
    "contact": ("email", "phone"),
}
"""Fields of one group go wrong together: who moves changes every part of an address. Groups are independent."""

_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "sir"})
_AFTER: Final = frozenset({"jr", "sr", "ii", "iii", "iv"})
_STREETS: Final[Mapping[str, str]] = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard",
    "ln": "lane", "dr": "drive", "ct": "court", "pl": "place", "sq": "square", "cres": "crescent",
    "hwy": "highway", "pkwy": "parkway", "ter": "terrace", "n": "north", "s": "south", "e": "east", "w": "west",
}  # fmt: skip
_NUMBER: Final = re.compile(r"(?<![a-z0-9])\d+(?:[-/]\d+)?[a-z]?(?![a-z0-9])", re.ASCII)
_POSTCODE: Final = re.compile(r"(?=.{4,10}$)[a-z]{0,2}\d[a-z0-9]{0,5}(?: ?\d[a-z0-9]{1,3})?", re.ASCII)
_PARTS: Final = 6  # street, premises, town, region, postcode, country: as `Address.line` of the connectors writes them

Fields = Mapping[Field, str]


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One customer as compared. Several names or addresses are alternatives: the best pair of them counts.

    Attributes:
        names: Each with `given` and `surname`, in normal form; a part that is not told is left out.
        places: Each with some of `number`, `street`, `premises`, `locality`, `postcode`.
        births: `YYYYMMDD`.
        emails: In normal form.
        phones: E.164.
    """

    ref: str
    names: tuple[Fields, ...] = ()
    places: tuple[Fields, ...] = ()
    births: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    def values(self, field: Field) -> list[str]:
        """Every value of one field."""
        if field == "birth":
            return list(self.births)
        if field == "email":
            return list(self.emails)
        if field == "phone":
            return list(self.phones)
        told = self.names if field in GROUPS["name"] else self.places
        return [value for each in told if (value := each.get(field))]


def record_of(  # noqa: PLR0913  # a customer is known by as much
    ref: str,
    *,
    names: Sequence[str] = (),
    addresses: Sequence[str] = (),
    births: Sequence[str] = (),
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
) -> Record:
    """From whole names, and addresses in one line, as the vault keeps them."""
    return Record(
        ref,
        tuple(_once(name_fields(name) for name in names)),
        tuple(_once(place_fields(line) for line in addresses)),
        tuple(births),
        tuple(emails),
        tuple(phones),
    )


def plain(text: str) -> str:
    """Small letters and digits, without accents, one space between words."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return " ".join(re.sub(r"[^\w\s]|_", " ", bare.replace("'", "").replace("\u2019", "")).split())


def name_fields(name: str) -> Fields:
    """A whole name's parts: the last word is the family's, the first and those between are given."""
    words = [word for word in plain(name).split() if word not in _TITLES and word not in _AFTER]
    if not words:
        return {}
    if len(words) == 1:
        return {"given": words[0]}
    return {"given": words[0], "surname": words[-1]}


def place_fields(line: str) -> Fields:
    """The parts of an address in one line; a part that is not found is left out."""
    parts = [part for part in (each.strip() for each in line.split(",")) if part]
    if not parts:
        return {}
    found: dict[Field, str] = {}
    street = plain(parts[0])
    number = _NUMBER.search(street)
    if number:
        found["number"] = number[0]
        street = (street[: number.start()] + street[number.end() :]).strip()
    words = [_STREETS.get(word, word) if place else word for place, word in enumerate(street.split())]
    if words:
        found["street"] = " ".join(words)
    rest = [plain(part) for part in parts[1:]]
    code = next((place for place in range(len(rest) - 1, -1, -1) if _POSTCODE.fullmatch(rest[place])), None)
    if code is not None:
        found["postcode"] = rest[code].replace(" ", "")
    if len(parts) >= _PARTS:
        found["premises"], rest = rest[0], rest[1:]
        code = None if code is None else code - 1
    if rest and code != 0:
        found["locality"] = rest[0]
    return {field: value for field, value in found.items() if value}


def _once(told: Iterable[Fields]) -> list[Fields]:
    found: list[Fields] = []
    for each in told:
        if each and each not in found:
            found.append(each)
    return found
