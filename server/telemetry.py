"""What is counted and timed, named in one list, kept in process and shown as Prometheus text or JSON.

Labels hold names of ours only: never a path, an id or anything a caller typed.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

from tools.read.approval_figures import QueueFigures

COUNTERS: Final[dict[str, str]] = {
    "requests": "HTTP requests answered, by route and status",
    "deliveries": "Webhook and event deliveries, by source and outcome",
    "refusals": "Requests refused, by code",
    "checkouts": "Checkout answers, by status",
    "events": "Events handled by lanes, by outcome",
    "jobs": "Background jobs, by task and outcome",
    "taken_over": "Jobs taken over from workers that died",
}
TIMINGS: Final[dict[str, str]] = {
    "request_seconds": "From request to answer, by route",
    "checkout_seconds": "From basket to offer",
    "append_seconds": "From an event to its commit in the event log",
    "burst_seconds": "One burst of one lane, from the store to the decision",
    "handled_seconds": "From an event's arrival to its decision",
}
_BOUNDS: Final = tuple(
    bound * scale for scale in (0.001, 0.01, 0.1, 1.0, 10.0) for bound in (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
)

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Timing:
    """How often, how long in total, and how the times spread; seconds."""

    count: int = 0
    total: float = 0.0
    largest: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))

    def add(self, seconds: float) -> None:
        """One more."""
        self.count += 1
        self.total += seconds
        self.largest = max(self.largest, seconds)
        self.buckets[bisect_left(_BOUNDS, seconds)] += 1

    def quantile(self, share: float) -> float:
        """The time that `share` of all stayed within, to the width of a bucket; 0 when there were none."""
        wanted = math.ceil(share * self.count)
        seen = 0
        for place, count in enumerate(self.buckets):
            if count and seen + count >= wanted:
                low = _BOUNDS[place - 1] if place else 0.0
                high = min(_BOUNDS[place] if place < len(_BOUNDS) else self.largest, self.largest)
                return low + (max(high, low) - low) * (wanted - seen) / count
            seen += count
        return 0.0


class Metrics:
    """Counters and timings of one process."""

    def __init__(self) -> None:
        self._counters: dict[str, dict[Labels, int]] = {name: defaultdict(int) for name in COUNTERS}
        self._timings: dict[str, dict[Labels, Timing]] = {name: defaultdict(Timing) for name in TIMINGS}

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Add to a counter of `COUNTERS`."""
        self._counters[name][tuple(sorted(labels.items()))] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add a time to one of `TIMINGS`."""
        self._timings[name][tuple(sorted(labels.items()))].add(seconds)

    @contextmanager
    def timed(self, name: str, **labels: str) -> Generator[None]:
        """Time a block, also when it fails."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.observe(name, perf_counter() - begun, **labels)

    def counted(self, name: str, **labels: str) -> int:
        """A counter's value over every entry with these labels."""
        wanted = set(labels.items())
        return sum(value for entry, value in self._counters[name].items() if wanted <= set(entry))

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON; times in milliseconds."""
        return {
            "counters": {
                name: {_key(entry): value for entry, value in sorted(entries.items())}
                for name, entries in self._counters.items()
                if entries
            },
            "timings": {
                name: {
                    _key(entry): {
                        "count": timing.count,
                        "p50_ms": round(timing.quantile(0.50) * 1000, 3),
                        "p95_ms": round(timing.quantile(0.95) * 1000, 3),
                        "p99_ms": round(timing.quantile(0.99) * 1000, 3),
                        "max_ms": round(timing.largest * 1000, 3),
                    }
                    for entry, timing in sorted(entries.items())
                }
                for name, entries in self._timings.items()
                if entries
            },
        }

    def text(self, gauges: dict[str, dict[Labels, float]] | None = None) -> str:
        """Everything in Prometheus' text format, with gauges measured just now."""
        lines: list[str] = []
        for name, entries in self._counters.items():
            lines += [f"# HELP tillhand_{name}_total {COUNTERS[name]}", f"# TYPE tillhand_{name}_total counter"]
            lines += [f"tillhand_{name}_total{_braces(entry)} {value}" for entry, value in sorted(entries.items())]
        for name, entries in self._timings.items():
            lines += [f"# HELP tillhand_{name} {TIMINGS[name]}", f"# TYPE tillhand_{name} histogram"]
            for entry, timing in sorted(entries.items()):
                lines += _histogram(f"tillhand_{name}", entry, timing)
        for name, values in (gauges or {}).items():
            lines.append(f"# TYPE tillhand_{name} gauge")
            lines += [f"tillhand_{name}{_braces(entry)} {value:g}" for entry, value in sorted(values.items())]
        return "\n".join(lines) + "\n"


def approval_gauges(queues: Sequence[QueueFigures]) -> dict[str, dict[Labels, float]]:
    """The approval queue by location, over the last day."""
    by = {each.location: (("location", str(each.location)),) for each in queues}
    return {
        "approvals_waiting": {by[each.location]: each.waiting for each in queues},
        "approvals_oldest_seconds": {by[each.location]: each.oldest_s for each in queues},
        "approvals_answered": {by[each.location]: each.answered for each in queues},
        "approvals_median_seconds": {by[each.location]: each.median_s for each in queues if each.median_s is not None},
        "approvals_expired": {by[each.location]: each.expired for each in queues},
    }


def _histogram(name: str, entry: Labels, timing: Timing) -> Iterator[str]:
    seen = 0
    for bound, count in zip((*_BOUNDS, math.inf), timing.buckets, strict=True):
        seen += count
        edge = "+Inf" if math.isinf(bound) else f"{bound:g}"
        yield f"{name}_bucket{_braces((*entry, ('le', edge)))} {seen}"
    yield f"{name}_sum{_braces(entry)} {timing.total:.6f}"
    yield f"{name}_count{_braces(entry)} {timing.count}"


def _key(entry: Labels) -> str:
    return ",".join(f"{name}={value}" for name, value in entry)


def _braces(entry: Labels) -> str:
    escaped = ((name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for name, value in entry)
    inside = ",".join(f'{name}="{value}"' for name, value in escaped)
    return f"{{{inside}}}" if inside else ""
