"""The retailer's numbers, per chain, region and location; the most particular one counts.

A region or a location may be stricter than what it inherits as it likes. To be looser it has to say `loosens = true`:
a zero too many is a loosening nobody meant, and the word shows in every review of the file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tomllib import TOMLDecodeError, loads
from typing import Any, Final

from policies.errors import Misconfigured
from policies.packs.pack import PACKS
from policies.toml_lines import line_of
from policies.vocabulary.ids import LocationId

DEFAULT_FILE: Final = Path(__file__).with_name("limits.toml")
_WHOLE: Final = 10_000  # basis points
_DAY: Final = 24 * 60  # minutes
_LARGEST: Final = 10**15  # rules count in 64 bits, and a limit this high is none
_LOOSENS: Final = "loosens"
_LEVELS: Final = ("chain", "region", "location")


@dataclass(frozen=True, slots=True)
class DiscountLimits:
    """For discounts: cents, basis points and seconds; `limits.toml` says what each is for."""

    percent_bp: int
    transaction_free: int
    transaction_max: int
    customer_day: int
    location_day: int
    campaign_total: int
    margin_floor_bp: int
    price_age_s: int
    stock_age_s: int
    valid_s: int
    late_s: int


@dataclass(frozen=True, slots=True)
class HighValueLimits:
    """Which customers are worth more to the retailer, and what a manager may give them: cents and basis points."""

    spent_from: int  # 0: nobody
    percent_bp: int
    customer_day: int


@dataclass(frozen=True, slots=True)
class HomeLimits:
    """For goods sent home from online stock: cents and days."""

    shipping: int
    days: int  # 0: nothing is offered to be sent home


@dataclass(frozen=True, slots=True)
class MessageLimits:
    """For messages: how many, seconds, and minutes after midnight."""

    customer_day: int
    customer_week: int
    service_day: int
    location_day_free: int
    campaign_free: int
    campaign_total: int
    consent_age_s: int
    quiet_from: int  # quiet at and after this minute,
    quiet_until: int  # and before this one


@dataclass(frozen=True, slots=True)
class PurchaseLimits:
    """Which purchases a customer is written about: cents and seconds."""

    high_value_from: int  # 0: none
    message_from: int  # 0: none
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
    units_confirm: int
    units_max: int


@dataclass(frozen=True, slots=True)
class SyncLimits:
    """For counts that two platforms keep of the same goods: units, cents and basis points."""

    units_free: int
    move_cost: int
    wait_day_cost: int
    voucher_bp: int


@dataclass(frozen=True, slots=True)
class ReorderLimits:
    """For purchase orders: cents at cost."""

    value_max: int
    order_day: int
    two_from: int  # from here on two managers approve


@dataclass(frozen=True, slots=True)
class OverrideLimits:
    """For overrides of a forecast: percent, days and basis points."""

    percent_free: int
    percent_max: int
    days_max: int
    record_bp: int


@dataclass(frozen=True, slots=True)
class ApprovalLimits:
    """For approvals: seconds until an unanswered one becomes "no"; `plan_expires_s` for what a night proposes."""

    expires_s: int
    plan_expires_s: int


@dataclass(frozen=True, slots=True)
class PlaceLimits:
    """Every number that holds at one location.

    Attributes:
        packs: The jurisdictions whose rules are in force there.
    """

    discount: DiscountLimits
    high_value: HighValueLimits
    home: HomeLimits
    message: MessageLimits
    purchase: PurchaseLimits
    transfer: TransferLimits
    stock_adjustment: AdjustmentLimits
    stock_sync: SyncLimits
    reorder: ReorderLimits
    forecast_override: OverrideLimits
    approval: ApprovalLimits
    packs: tuple[str, ...]


_TABLES: Final[dict[str, type]] = {
    "discount": DiscountLimits,
    "high_value": HighValueLimits,
    "home": HomeLimits,
    "message": MessageLimits,
    "purchase": PurchaseLimits,
    "transfer": TransferLimits,
    "stock_adjustment": AdjustmentLimits,
    "stock_sync": SyncLimits,
    "reorder": ReorderLimits,
    "forecast_override": OverrideLimits,
    "approval": ApprovalLimits,
}
_NAMES: Final = {name: tuple(field.name for field in fields(shape)) for name, shape in _TABLES.items()} | {
    "packs": tuple(PACKS)
}
# Caps and ages bind harder the lower they are; these bind harder the higher they are.
_FLOORS: Final = {
    "discount.margin_floor_bp",
    "home.shipping",
    "message.quiet_until",
    "transfer.origin_keep",
    "forecast_override.record_bp",
    *(f"packs.{name}" for name in PACKS),
}
_MINUTES: Final = {"quiet_from", "quiet_until"}  # of a day
_NOBODY_AT_ZERO: Final = {"high_value.spent_from", "purchase.high_value_from", "purchase.message_from"}


class Limits:
    """All limits of the chain; `digest` identifies exactly these numbers.

    Args:
        text: As in `limits.toml`.
        name: Of the file, for the errors.

    Raises:
        Misconfigured: Something in it cannot be meant; the message has the file and the line.
    """

    def __init__(self, text: str, name: str = DEFAULT_FILE.name) -> None:
        self.text = text
        self.digest = sha256(text.encode()).hexdigest()
        self._tables = _Reader(text, name).tables()
        self._at = lru_cache(maxsize=4096)(self._merge)
        self._at("", "")

    @classmethod
    def read(cls, file: Path = DEFAULT_FILE) -> "Limits":
        """From a file; the product's own by default.

        Raises:
            Misconfigured: It cannot be read or used.
        """
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{file} cannot be read.", code="limits.file") from error
        return cls(text, file.name)

    def place(self, region: str, location: LocationId | str) -> PlaceLimits:
        """What holds at a location of a region."""
        return self._at(region, location)

    def become(self, other: "Limits") -> None:
        """Take on other numbers at once: everybody who holds these limits sees the others from now on."""
        self.text, self.digest, self._tables, self._at = other.text, other.digest, other._tables, other._at  # noqa: SLF001

    def pinned(self) -> "Limits":
        """These numbers as they are now, whatever the original becomes."""
        same = object.__new__(Limits)
        same.become(self)
        return same

    def _merge(self, region: str, location: str) -> PlaceLimits:
        layers: tuple[Mapping[str, Any], ...] = (
            self._tables.get("region", {}).get(region, {}),
            self._tables.get("location", {}).get(location, {}),
        )
        merged: dict[str, dict[str, int]] = {name: dict(self._tables["chain"].get(name, {})) for name in _NAMES}
        for layer in layers:
            for name, key, value in _numbers(layer):
                if layer.get(_LOOSENS) or not _looser(f"{name}.{key}", merged[name].get(key, 0), value):
                    merged[name][key] = value
        packs = merged.pop("packs")
        made = {name: shape(**merged[name]) for name, shape in _TABLES.items()}
        return PlaceLimits(**made, packs=tuple(sorted(name for name, on in packs.items() if on)))


class _Reader:
    """Reads a limits file strictly: what nobody would read is a misspelt limit, never ignored."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name

    def tables(self) -> dict[str, Any]:
        try:
            tables: dict[str, Any] = loads(self._text)
        except TOMLDecodeError as error:
            at = re.search(r"at line (\d+)", str(error))
            line = int(at[1]) if at else self._text.count("\n") + 1
            raise Misconfigured(f"{self._name}, line {line}: {error}.", code="limits.syntax") from error
        for path in _layers(tables):
            self._check(tables, path)
        for name in _TABLES:
            for key in _NAMES[name]:
                if key not in tables.get("chain", {}).get(name, {}):
                    raise Misconfigured(
                        f"{self._at('chain', name)}: chain.{name}.{key} is missing.", code="limits.missing"
                    )
        for path in _layers(tables):
            self._only_said_looser(tables, path)
        return tables

    def _check(self, tables: Mapping[str, Any], path: tuple[str, ...]) -> None:
        layer = _layer(tables, path)
        if path[0] not in _LEVELS or not isinstance(layer, Mapping):
            raise self._unknown(*path)
        for name, table in layer.items():  # pyright: ignore[reportUnknownVariableType]  # what TOML holds
            if name == _LOOSENS and path[0] != "chain" and isinstance(table, bool):
                continue
            if name not in _NAMES or not isinstance(table, Mapping):
                raise self._unknown(*path, str(name))  # pyright: ignore[reportUnknownArgumentType]
            for key, value in table.items():  # pyright: ignore[reportUnknownVariableType]
                self._check_number((*path, name, str(key)), value)  # pyright: ignore[reportUnknownArgumentType]

    def _check_number(self, path: tuple[str, ...], value: object) -> None:
        name, key = path[-2:]
        if key not in _NAMES[name]:
            raise self._unknown(*path)
        if name == "packs":
            most = 1
        elif key in _MINUTES:
            most = _DAY
        else:
            most = _WHOLE if key.endswith("_bp") else _LARGEST
        if type(value) is not int or not 0 <= value <= most:
            raise Misconfigured(
                f"{self._at(*path)}: {'.'.join(path)} must be a whole number from 0 to {most}.", code="limits.number"
            )

    def _only_said_looser(self, tables: Mapping[str, Any], path: tuple[str, ...]) -> None:
        layer = _layer(tables, path)
        if path == ("chain",) or layer.get(_LOOSENS):
            return
        for name, key, value in _numbers(layer):
            inherited = tables["chain"].get(name, {}).get(key, 0)
            if _looser(f"{name}.{key}", inherited, value):
                named = ".".join((*path, name, key))
                raise Misconfigured(
                    f"{self._at(*path, name, key)}: {named} is looser than the chain's {inherited}.",
                    code="limits.loosens",
                    hint=f"If that is meant, write {_LOOSENS} = true under [{'.'.join(path)}].",
                )

    def _unknown(self, *path: str) -> Misconfigured:
        return Misconfigured(f"{self._at(*path)}: {'.'.join(path)} is a name nothing reads.", code="limits.unknown")

    def _at(self, *path: str) -> str:
        return f"{self._name}, line {line_of(self._text, path)}"


def _layers(tables: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for level, layer in tables.items():
        if level in _LEVELS[1:] and isinstance(layer, Mapping):
            yield from ((level, str(name)) for name in layer)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        else:
            yield (level,)


def _layer(tables: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = tables
    for name in path:
        found = found[name]
    return found


def _numbers(layer: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for name, table in layer.items():
        if name != _LOOSENS:
            yield from ((name, key, value) for key, value in table.items())


def _looser(name: str, inherited: int, value: int) -> bool:
    if name in _NOBODY_AT_ZERO:
        return value > 0 and not 0 < inherited <= value
    return value < inherited if name in _FLOORS else value > inherited
