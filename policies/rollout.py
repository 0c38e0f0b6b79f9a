"""Where AI begins on the ladder, and what moves it: `rollout.toml`, per chain, region and location."""

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from policies.actions.any_action import KINDS
from policies.errors import Misconfigured
from policies.ladder import ClimbNeeds, Rung
from policies.toml_lines import line_of
from policies.vocabulary.ids import LocationId

DEFAULT_FILE: Final = Path(__file__).with_name("rollout.toml")
CHAIN: Final = ""  # stands for every location where a rung is kept


@dataclass(frozen=True, slots=True)
class BreachLimits:
    """What sends AI down a rung by itself: hours, counts, shares, seconds, days; `rollout.toml` explains each."""

    hours: int
    least: int
    undone_bp: int
    rejected_bp: int
    failed: int
    failed_s: int
    review_overdue_days: int


_NAMES: Final = {
    "climb": tuple(each.name for each in fields(ClimbNeeds)),
    "breach": tuple(each.name for each in fields(BreachLimits)),
}


class Rollout:
    """The retailer's plan. Read once at start; `digest` identifies exactly this one.

    Raises:
        Misconfigured: The text does not parse, misses something, or has a name nothing reads; with the line.
    """

    def __init__(self, text: str, file: str = "rollout.toml") -> None:
        self._text, self._file = text, file
        try:
            self._tables: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Misconfigured(f"{file} cannot be read: {error}.", code="rollout.syntax") from error
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self._check()
        self.climb = lru_cache(maxsize=4096)(self._climb)
        self.breach = lru_cache(maxsize=4096)(self._breach)
        self.climb("", "")
        self.breach("", "")

    @classmethod
    def read(cls, file: Path = DEFAULT_FILE) -> "Rollout":
        """From a file; the product's own by default."""
        return cls(file.read_text(encoding="utf-8"), file.name)

    def rung(self, capability: str, region: str, location: str, kept: Mapping[tuple[str, str], Rung]) -> Rung:
        """How far AI may go with a kind of action at a location, or across the chain when there is none.

        Args:
            capability: An action's kind.
            region: The location's.
            location: Its id; "" for the chain.
            kept: What people or breaches made of it since, by kind and location, "" for the chain.
        """
        if (capability, location) in kept:
            return kept[capability, location]
        for layer in (self._layer("location", location), self._layer("region", region)):
            told = layer.get("start", {}).get(capability)
            if told is not None:
                return Rung(told)
        return kept.get((capability, CHAIN)) or Rung(self._tables["chain"]["start"][capability])

    def names(self, capability: str, region: str, location: str) -> bool:
        """Whether this file says something of a kind of action for this location or its region."""
        layers = (self._layer("location", location), self._layer("region", region))
        return any(capability in layer.get("start", {}) for layer in layers)

    def _climb(self, region: str, location: LocationId | str) -> ClimbNeeds:
        """What the next rung takes at a location."""
        return ClimbNeeds(**self._numbers("climb", region, location))

    def _breach(self, region: str, location: LocationId | str) -> BreachLimits:
        """What sends AI down a rung at a location."""
        return BreachLimits(**self._numbers("breach", region, location))

    def _numbers(self, table: str, region: str, location: str) -> dict[str, int]:
        values: dict[str, int] = {}
        for layer in (self._tables["chain"], self._layer("region", region), self._layer("location", location)):
            values.update(layer.get(table, {}))
        return values

    def _layer(self, level: str, name: str) -> Mapping[str, Any]:
        return self._tables.get(level, {}).get(name, {})

    def _check(self) -> None:
        for level, told in self._tables.items():
            if level == "chain":
                self._check_layer((level,), told)
            elif level in {"region", "location"}:
                for name, layer in self._table((level,), told).items():
                    self._check_layer((level, name), layer)
            else:
                raise self._wrong("unknown", f"has a name nothing reads: {level}", level)
        self._check_whole()

    def _check_layer(self, path: tuple[str, ...], layer: object) -> None:
        for table, values in self._table(path, layer).items():
            at = (*path, table)
            known = KINDS if table == "start" else _NAMES.get(table, ())
            for name, value in self._table(at, values if known else None).items():
                self._check_value((*at, name), value, known)

    def _check_value(self, path: tuple[str, ...], value: object, known: Collection[str]) -> None:
        named = ".".join(path)
        if path[-1] not in known:
            raise self._wrong("unknown", f"has a name nothing reads: {named}", *path)
        if path[-2] == "start":
            if value not in set(Rung):
                raise self._wrong("rung", f"says {named} is none of {', '.join(Rung)}", *path)
        elif type(value) is not int or value < 0:
            raise self._wrong("number", f"needs a whole number, zero or more: {named}", *path)

    def _table(self, path: tuple[str, ...], found: object) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise self._wrong("unknown", f"has a name nothing reads: {'.'.join(path)}", *path)
        return cast("dict[str, Any]", found)

    def _check_whole(self) -> None:
        chain = self._tables.get("chain", {})
        needed = [("start", kind) for kind in KINDS]
        needed += [(table, name) for table, names in _NAMES.items() for name in names]
        for table, name in needed:
            if name not in chain.get(table, {}):
                raise self._wrong("missing", f"misses chain.{table}.{name}", "chain", table)

    def _wrong(self, code: str, what: str, *path: str) -> Misconfigured:
        return Misconfigured(f"{self._file}, line {line_of(self._text, path)}, {what}.", code=f"rollout.{code}")
