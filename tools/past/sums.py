"""The figures of a location or the chain beside each other: then, and now at least, likely and at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policies.vocabulary.money import round_half_even
from tools.past.resample import FEW, Interval, resample
from tools.past.tally import FIELDS, Row, Seen, Tally

LEAST: Final = 30  # offers made, or questions asked, before a share of them is used to weigh what is not known
_AT: Final = {name: place for place, name in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over the span.

    Attributes:
        then: What happened.
        least: What would have, at least.
        likely: Weighed by shares that were seen; `None` where too few were seen to weigh by.
        most: At most.
        change: Where the likely change lies over days like these; `None` without a likely value, or of a single day.
    """

    then: int
    least: int
    likely: int | None
    most: int
    change: Interval | None

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        change = None if self.change is None else [self.change.low, self.change.high]
        return {"then": self.then, "least": self.least, "likely": self.likely, "most": self.most, "change": change}


@dataclass(frozen=True, slots=True)
class Sums:
    """What one location or the chain comes to; money in minor units, times in seconds.

    Attributes:
        days: With a decision in them; intervals over fewer than ten are hardly intervals.
        given: Money taken off at the till.
        promised: The most that offers made could have cost.
        asked: Questions to people.
        seconds: From question to answer, added up: the most that answering can have cost, since people do other things.
    """

    days: int
    decided: int
    given: Figure
    promised: Figure
    asked: Figure
    seconds: Figure
    refused: Figure

    @property
    def few(self) -> bool:
        """Whether these are too few days for an interval to be trusted."""
        return self.days < FEW

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        names = ("given", "promised", "asked", "seconds", "refused")
        return {"days": self.days, "decided": self.decided, **{name: getattr(self, name).facts() for name in names}}


def sums(approved: Tally, expired: Tally, seen: Seen, places: frozenset[str] | None = None) -> Sums:
    """Add up these locations, or all of them."""
    shares = seen.shares(LEAST)
    keys = [key for key in approved.rows if places is None or key[0] in places]
    yes = _by_day(approved, keys, shares, seen)
    no = _by_day(expired, keys, shares, seen)
    return Sums(
        days=len(yes),
        decided=sum(row[_AT["decided"]] for row in _rows(approved, keys)),
        given=_figure(yes, no, "given"),
        promised=_figure(yes, no, "promised"),
        asked=_figure(yes, no, "asked"),
        seconds=_figure(yes, no, "seconds"),
        refused=_figure(yes, no, "refused"),
    )


@dataclass(slots=True)
class _Cell:
    """A measure on one day: then, least, likely, most."""

    then: int = 0
    least: int = 0
    likely: int | None = 0
    most: int = 0

    def add(self, then: int, least: int, likely: int | None, most: int) -> None:
        self.then += then
        self.least += least
        self.likely = None if likely is None or self.likely is None else self.likely + likely
        self.most += most


_Day = dict[str, _Cell]


def _rows(tally: Tally, keys: Sequence[tuple[str, str]]) -> list[Row]:
    return [tally.rows[key] for key in keys]


def _by_day(
    tally: Tally, keys: Sequence[tuple[str, str]], shares: Mapping[str, tuple[int, int]], seen: Seen
) -> dict[str, _Day]:
    days: dict[str, _Day] = {}
    names = ("given", "promised", "asked", "seconds", "refused")
    for place, day in keys:
        row = tally.rows[place, day]
        cells = days.setdefault(day, {name: _Cell() for name in names})
        value = {name: row[at] for name, at in _AT.items()}
        used = shares.get(place, shares[""])
        open_money = value["if_used"] + value["if_approved"] + value["if_both"]
        cells["given"].add(value["given_then"], value["given"], _likely(value, used, seen), value["given"] + open_money)
        held = value["promised_if_approved"]
        cells["promised"].add(
            value["promised_then"],
            value["promised"],
            _plus(value["promised"], _weighed(held, seen.approved, seen.asked)),
            value["promised"] + held,
        )
        cells["asked"].add(value["asked_then"], value["asked"], value["asked"], value["asked"])
        spent = _weighed(value["new_questions"], seen.seconds, seen.asked)
        cells["seconds"].add(
            value["seconds_then"], value["seconds"], _plus(value["seconds"], spent), value["seconds"] + (spent or 0)
        )
        cells["refused"].add(value["refused_then"], value["refused"], value["refused"], value["refused"])
    return days


def _likely(value: Mapping[str, int], used: tuple[int, int], seen: Seen) -> int | None:
    part, whole = used
    if_used = _weighed(value["if_used"], part, whole)
    if_approved = _weighed(value["if_approved"], seen.approved, seen.asked)
    both = _weighed(value["if_both"], seen.approved, seen.asked)
    if_both = None if both is None else _weighed(both, part, whole)
    return _plus(value["given"], if_used, if_approved, if_both)


def _weighed(amount: int, part: int, whole: int) -> int | None:
    """This share of an amount; `None` when too few were seen to know the share, unless there is nothing to weigh."""
    if amount == 0:
        return 0
    return None if whole < LEAST else round_half_even(amount * part, whole)


def _plus(*amounts: int | None) -> int | None:
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def _figure(yes: Mapping[str, _Day], no: Mapping[str, _Day], name: str) -> Figure:
    told = [day[name] for day in yes.values()]
    other = [day[name] for day in no.values()]
    likely = _plus(*(cell.likely for cell in told))
    changes = [cell.likely - cell.then for cell in told if cell.likely is not None]
    least, most = ([sum(getattr(cell, edge) for cell in each) for each in (told, other)] for edge in ("least", "most"))
    return Figure(
        then=sum(cell.then for cell in told),
        least=min(least),
        likely=likely,
        most=max(most),
        change=None if likely is None else resample(changes),
    )
