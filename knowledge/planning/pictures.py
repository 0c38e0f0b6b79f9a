"""Forecasts and stock as SVG: what people would rather look at than read. No script, no link, no text of others."""

from collections.abc import Sequence
from typing import Final

from knowledge.demand.kept import Kept

_WIDTH: Final = 480
_HEIGHT: Final = 200
_PAD: Final = 28
_BANDS: Final = (0.8, 0.95)
_LETTERS: Final = "MTWTFSS"
_INK: Final = "#1f2937"
_FAN: Final = ("#93c5fd", "#dbeafe")
_BAR: Final = "#2563eb"


def fan(kept: Kept) -> str:
    """A forecast: the mean of each day, and what each day stays below four times in five and nineteen in twenty."""
    level = _Scale(len(kept.mean), max([*_quantiles(kept, _BANDS[1]), 1.0]))
    bands = "".join(
        f'<polygon fill="{color}" points="{level.area(_quantiles(kept, share))}"/>'
        for share, color in sorted(zip(_BANDS, _FAN, strict=True), reverse=True)
    )
    line = f'<polyline fill="none" stroke="{_BAR}" stroke-width="2" points="{level.line(kept.mean)}"/>'
    days = "".join(
        f'<text x="{level.x(at):.0f}" y="{_HEIGHT - 8}" text-anchor="middle">{_LETTERS[kept.day(at).weekday()]}</text>'
        for at in range(len(kept.mean))
    )
    return _framed(f"{bands}{line}{days}", level.most)


def bars(levels: Sequence[tuple[str, int]]) -> str:
    """Units by location, as they are given."""
    most = max([count for _, count in levels] + [1])
    step = (_HEIGHT - _PAD) / max(len(levels), 1)
    parts: list[str] = []
    for at, (name, count) in enumerate(levels):
        y = _PAD / 2 + at * step
        width = max(count, 0) / most * (_WIDTH - 200)
        parts.append(f'<rect x="140" y="{y:.0f}" width="{width:.0f}" height="{max(step - 4, 2):.0f}" fill="{_BAR}"/>')
        parts.append(f'<text x="134" y="{y + step / 2:.0f}" text-anchor="end">{_plain(name)}</text>')
        parts.append(f'<text x="{146 + width:.0f}" y="{y + step / 2:.0f}">{count}</text>')
    return _framed("".join(parts), None)


class _Scale:
    def __init__(self, days: int, most: float) -> None:
        self._days, self.most = days, most

    def x(self, at: int) -> float:
        return _PAD + at * (_WIDTH - 2 * _PAD) / max(self._days - 1, 1)

    def y(self, units: float) -> float:
        return _HEIGHT - _PAD - units / self.most * (_HEIGHT - 2 * _PAD)

    def line(self, values: Sequence[float]) -> str:
        return " ".join(f"{self.x(at):.1f},{self.y(value):.1f}" for at, value in enumerate(values))

    def area(self, values: Sequence[float]) -> str:
        return f"{self.line(values)} {self.x(len(values) - 1):.1f},{self.y(0):.1f} {self.x(0):.1f},{self.y(0):.1f}"


def _quantiles(kept: Kept, share: float) -> list[float]:
    return [float(kept.quantile(share, kept.day(at), 1)) for at in range(len(kept.mean))]


def _framed(body: str, most: float | None) -> str:
    scale = "" if most is None else f'<text x="4" y="{_PAD}">{most:.0f}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="11" fill="{_INK}">{scale}{body}</svg>'
    )


def _plain(name: str) -> str:
    """A location's id with nothing in it that SVG would read."""
    return "".join(letter for letter in name if letter.isalnum() or letter in " _-.")[:20]
