"""Each group beside all others of its kind: how far apart, and whether chance explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tools.review.proportions import Share, difference, fisher, holm, written

_ALARM: Final = 0.05
_RATES: Final = ("offered", "refused", "accepted")

Rate = Literal["offered", "refused", "accepted"]


@dataclass(slots=True)
class Group:
    """What happened to one group; `offered` of `orders`, `refused` of `proposed`, `accepted` of `made`."""

    orders: int = 0
    offered: int = 0
    proposed: int = 0
    refused: int = 0
    made: int = 0
    accepted: int = 0

    def share(self, rate: str) -> Share:
        """One of the three."""
        whole = {"offered": self.orders, "refused": self.proposed, "accepted": self.made}[rate]
        return Share(getattr(self, rate), whole)

    def __add__(self, other: "Group") -> "Group":
        return Group(
            self.orders + other.orders,
            self.offered + other.offered,
            self.proposed + other.proposed,
            self.refused + other.refused,
            self.made + other.made,
            self.accepted + other.accepted,
        )


@dataclass(frozen=True, slots=True)
class _Pair:
    kind: str
    name: str
    rate: str
    group: Share
    others: Share


def compare(groups: Mapping[tuple[str, str], Group], least: int) -> dict[str, Any]:
    """Compare each group with all others of its kind, as JSON.

    A share is told when it is taken of `least` or more, and tested when the others' is too. Where a kind has two groups
    they are tested once: each is the other's others.

    Args:
        groups: By kind and name.
        least: See above.
    """
    told: list[dict[str, Any]] = []
    pairs: list[_Pair] = []
    kinds: dict[str, list[str]] = {}
    for kind, name in sorted(groups):
        kinds.setdefault(kind, []).append(name)
    for kind, names in kinds.items():
        for place, name in enumerate(names):
            group = groups[kind, name]
            told.append({"kind": kind, "name": name, **{rate: _told(group.share(rate), least) for rate in _RATES}})
            others = sum((groups[kind, other] for other in names if other != name), Group())
            once = len(names) > 2 or place == 0  # noqa: PLR2004  # two groups are one comparison
            pairs += [
                _Pair(kind, name, rate, group.share(rate), others.share(rate))
                for rate in _RATES
                if once and len(names) > 1
            ]
    tested = [pair for pair in pairs if min(pair.group.whole, pair.others.whole) >= least]
    adjusted = holm([fisher(pair.group, pair.others) for pair in tested])
    return {
        "least": least,
        "groups": told,
        "comparisons": _comparisons(tested, adjusted),
        "too_few": len(pairs) - len(tested),
    }


def _comparisons(tested: Sequence[_Pair], adjusted: Sequence[float]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for pair, chance in zip(tested, adjusted, strict=True):
        low, high = difference(pair.group, pair.others)
        found.append(
            {
                "kind": pair.kind,
                "name": pair.name,
                "rate": pair.rate,
                "share_bp": pair.group.value,
                "others_bp": pair.others.value,
                "apart_low_bp": low,
                "apart_high_bp": high,
                "chance": written(chance),
                "differs": chance < _ALARM,
            }
        )
    return found


def _told(share: Share, least: int) -> dict[str, int] | None:
    return share.facts() if share.whole >= least else None
