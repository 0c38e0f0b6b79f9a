"""The retailer's numbers, per chain, region and location; the most particular one counts."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from policies.errors import Misconfigured
from policies.vocabulary.ids import LocationId

DEFAULT_FILE = Path(__file__).with_name("limits.toml")


@dataclass(frozen=True, slots=True)
class DiscountLimits:
    """For discounts: cents, basis points and seconds; `limits.toml` says what each is for."""

    percent_bp: int
    transaction_free: int
    transaction_max: int
    customer_day: int
    location_day: int
    margin_floor_bp: int
    price_age_s: int
    valid_s: int
    late_s: int


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """For transfers: cents at cost, units and seconds."""

    value_free: int
    units_max: int
    origin_keep: int
    stock_age_s: int


@dataclass(frozen=True, slots=True)
class AdjustmentLimits:
    """For stock adjustments: cents at cost and units."""

    value_free: int
    units_max: int


@dataclass(frozen=True, slots=True)
class ApprovalLimits:
    """For approvals: seconds until an unanswered one becomes "no"."""

    expires_s: int


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """Every number that holds at one location."""

    discount: DiscountLimits
    transfer: TransferLimits
    stock_adjustment: AdjustmentLimits
    approval: ApprovalLimits


_TABLES = {
    "discount": DiscountLimits,
    "transfer": TransferLimits,
    "stock_adjustment": AdjustmentLimits,
    "approval": ApprovalLimits,
}


class Limits:
    """All limits of the chain. Read once at start; `digest` identifies exactly these numbers."""

    def __init__(self, text: str) -> None:
        try:
            self._tables: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Misconfigured(f"limits.toml cannot be read: {error}", code="limits.syntax") from error
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self.place = lru_cache(maxsize=4096)(self._place)
        _check(self._tables)
        self._place("", "")

    @classmethod
    def read(cls, file: Path = DEFAULT_FILE) -> "Limits":
        """From a file; the product's own by default."""
        return cls(file.read_text(encoding="utf-8"))

    def _place(self, region: str, location: LocationId | str) -> PlaceLimits:
        layers: tuple[Mapping[str, Any], ...] = (
            self._tables.get("chain", {}),
            self._tables.get("region", {}).get(region, {}),
            self._tables.get("location", {}).get(location, {}),
        )
        merged: dict[str, Any] = {}
        for name, shape in _TABLES.items():
            values: dict[str, int] = {}
            for layer in layers:
                values.update(layer.get(name, {}))
            missing = [field.name for field in fields(shape) if field.name not in values]
            if missing:
                raise Misconfigured(f"limits.toml misses chain.{name}.{missing[0]}.", code="limits.missing")
            merged[name] = shape(**values)
        return PlaceLimits(**merged)


def _check(tables: Mapping[str, Any]) -> None:
    """Refuse what nobody would read: an unknown table or number is a misspelt limit, never ignored."""
    layers = [tables.get("chain", {}), *tables.get("region", {}).values(), *tables.get("location", {}).values()]
    unknown = set(tables) - {"chain", "region", "location"}
    for layer in layers:
        unknown |= set(layer) - set(_TABLES)
        for name, shape in _TABLES.items():
            known = {field.name for field in fields(shape)}
            for key, value in layer.get(name, {}).items():
                if key not in known:
                    unknown.add(f"{name}.{key}")
                elif type(value) is not int or value < 0:
                    raise Misconfigured(f"{name}.{key} must be a whole number, zero or more.", code="limits.number")
    if unknown:
        raise Misconfigured(f"limits.toml has a name nothing reads: {min(unknown)}.", code="limits.unknown")
